#include "layers/encoder_block.h"

#include <cmath>

#include "error.h"
#include "layers/one_page.h"
#include "layers/ops.h"

namespace gpa {

EncoderBlock::EncoderBlock(const Weights& weights, int64_t dim, int64_t ffn, int64_t heads, bool key_bias, float epsilon)
    : dim_(dim), heads_(heads), epsilon_(epsilon) {
  if (dim % heads != 0) {
    fail(GPA_ERROR_MODEL_FORMAT, "%s: width %lld is not a multiple of %lld attention heads", weights.file().path().c_str(),
         static_cast<long long>(dim), static_cast<long long>(heads));
  }
  attn_norm_ = weights.norm("attn_norm", dim);
  ffn_norm_ = weights.norm("ffn_norm", dim);
  q_ = weights.linear("attn_q", dim, dim);
  k_ = key_bias ? weights.linear("attn_k", dim, dim) : weights.linear_no_bias("attn_k", dim, dim);
  v_ = weights.linear("attn_v", dim, dim);
  output_ = weights.linear("attn_output", dim, dim);
  up_ = weights.linear("ffn_up", ffn, dim);
  down_ = weights.linear("ffn_down", dim, ffn);
}

EncoderFrames EncoderFrames::make(Context& ctx, int64_t frames, int64_t dim, int64_t keys, Mask mask, int64_t block) {
  const Matrix kv = ctx.arena.matrix(2 * frames, dim);
  return {mask, block, keys, kv, one_page(ctx, frames, keys, kv.data)};
}

void EncoderBlock::forward(Context& rounded, const Matrix& x, const EncoderFrames& frames) const {
  Context ctx = rounded.exact();
  Arena::Scope scope(ctx.arena);
  const Matrix h = ctx.arena.matrix(x.rows, dim_);
  layer_norm(ctx, x, attn_norm_, epsilon_, h);
  {
    Arena::Scope attention_scope(ctx.arena);
    const Matrix q = linear(ctx, h, q_), k{frames.kv.data, x.rows, dim_}, v{frames.kv.data + x.rows * dim_, x.rows, dim_};
    linear(ctx, h, k_, k);
    linear(ctx, h, v_, v);
    ctx.kernels.attention(ctx.queue, {.q = q.data,
                                      .q_stride = dim_,
                                      .heads = heads_,
                                      .kv_heads = heads_,
                                      .head_dim = dim_ / heads_,
                                      .page_tokens = x.rows,
                                      .kv_stride = dim_,
                                      .k_offset = 0,
                                      .v_offset = x.rows * dim_,
                                      .scale = 1.0f / std::sqrt(static_cast<float>(dim_ / heads_)),
                                      .mask = frames.mask,
                                      .block = frames.block,
                                      .y = h.data,
                                      .y_stride = dim_,
                                      .sequences = frames.sequence,
                                      .count = 1,
                                      .most_queries = x.rows,
                                      .most_keys = frames.keys});
    linear(ctx, h, output_, x, {.residual = x.data});
  }
  layer_norm(ctx, x, ffn_norm_, epsilon_, h);
  const Matrix inner = linear(ctx, h, up_, {.activation = Activation::kGelu});
  linear(rounded, inner, down_, x, {.residual = x.data});
}

}  // namespace gpa
