// x -> conv k7 -> LayerNorm ------------------------------------------------------> LayerNorm -> y
//                            \-> n x [ x + gamma * pw2(GELU(pw1(LN(dwconv k7(x))))) ] -/
// With a condition c, LayerNorm (but the last) is  LN(x) * (Ws c + bs) + (Wt c + bt).
// Source: Vocos (arXiv 2306.00814), models.VocosBackbone, as in Spark-TTS' BiCodec.
#include "layers/vocos.h"

#include "layers/ops.h"

namespace gpa {
namespace {

constexpr float kEpsilon = 1e-6f;
constexpr int64_t kTaps = 7;
constexpr int64_t kPad = kTaps / 2;

}  // namespace

VocosBackbone::VocosBackbone(const Weights& weights, int64_t in_channels, int64_t block_count, int64_t condition_dim)
    : dim_(weights.shape("embed.weight")[0]), in_channels_(in_channels), condition_dim_(condition_dim) {
  embed_ = {weights.matrix("embed.weight", dim_, kTaps * in_channels), weights.vector("embed.bias", dim_)};
  norm_ = load_norm(weights.at("norm"));
  for (int64_t i = 0; block_count < 0 ? weights.at("blk", i).has("dwconv.weight") : i < block_count; ++i) {
    const Weights at = weights.at("blk", i);
    const int64_t inner = at.shape("pw1.weight")[0];
    Block block;
    block.dwconv = at.vector("dwconv.weight", kTaps * dim_);
    block.dwconv_bias = at.vector("dwconv.bias", dim_);
    block.gamma = at.vector("gamma", dim_);
    block.norm = load_norm(at.at("norm"));
    block.pw1 = at.linear("pw1", inner, dim_);
    block.pw2 = at.linear("pw2", dim_, inner);
    blocks_.push_back(block);
  }
  final_norm_ = weights.norm("final_norm", dim_);
}

VocosBackbone::AdaptiveNorm VocosBackbone::load_norm(const Weights& weights) const {
  AdaptiveNorm norm;
  if (condition_dim_ == 0) {
    norm.norm = {weights.vector("weight", dim_), weights.vector("bias", dim_)};
  } else {
    norm.scale = weights.linear("scale", dim_, condition_dim_);
    norm.shift = weights.linear("shift", dim_, condition_dim_);
  }
  return norm;
}

VocosBackbone::State VocosBackbone::begin() const {
  State state;
  for (size_t i = 0; i < 1 + blocks_.size(); ++i) state.emplace_back(kPad);
  return state;
}

Matrix VocosBackbone::adapt(Context& ctx, const Matrix& condition) const {
  const Matrix adapted = ctx.arena.matrix(2 * (1 + static_cast<int64_t>(blocks_.size())), dim_);
  for (int64_t i = 0; i < adapted.rows; i += 2) {
    const AdaptiveNorm& norm = i == 0 ? norm_ : blocks_[static_cast<size_t>(i / 2 - 1)].norm;
    linear(ctx, condition, norm.scale, {adapted.data + i * dim_, 1, dim_});
    linear(ctx, condition, norm.shift, {adapted.data + (i + 1) * dim_, 1, dim_});
  }
  return adapted;
}

void VocosBackbone::apply_norm(Context& ctx, const AdaptiveNorm& norm, const float* adapted, size_t index, const Matrix& x, Matrix y) const {
  if (condition_dim_ == 0) return layer_norm(ctx, x, norm.norm, kEpsilon, y);
  const float* row = adapted + 2 * static_cast<int64_t>(index) * dim_;
  layer_norm(ctx, x, {row, row + dim_}, kEpsilon, y);
}

Matrix VocosBackbone::forward(Context& ctx, const Matrix& input, const float* adapted, State& state, bool last,
                              const VocosTrace& trace) const {
  const ConvState::Window first = state[0].advance(ctx, input, last);
  Matrix x = ctx.arena.matrix(first.centre.rows, dim_);
  conv1d(ctx, first.x, embed_, {.taps = kTaps, .pad_left = first.pad_left}, x);
  if (trace.embed) ctx.trace(trace.embed, x);
  apply_norm(ctx, norm_, adapted, 0, x, x);
  if (trace.norm) ctx.trace(trace.norm, x);
  for (size_t i = 0; i < blocks_.size(); ++i) {
    const Block& block = blocks_[i];
    const ConvState::Window window = state[i + 1].advance(ctx, x, last);
    x = window.centre;
    Arena::Scope scope(ctx.arena);
    const Matrix h = ctx.arena.matrix(x.rows, dim_);
    ctx.kernels.depthwise_conv1d(ctx.queue, {window.x.data, window.x.rows, dim_, block.dwconv, kTaps, window.pad_left, x.rows,
                                            block.dwconv_bias, h.data});
    apply_norm(ctx, block.norm, adapted, i + 1, h, h);
    const Matrix inner = linear(ctx, h, block.pw1, {.activation = Activation::kGelu});
    linear(ctx, inner, block.pw2, x, {.gamma = block.gamma, .residual = x.data});
    if (trace.block0 && i == 0) ctx.trace(trace.block0, x);
  }
  layer_norm(ctx, x, final_norm_, kEpsilon, x);
  if (trace.output) ctx.trace(trace.output, x);
  return x;
}

Matrix VocosBackbone::forward(Context& ctx, const Matrix& x, const VocosTrace& trace) const {
  State state = begin();
  return forward(ctx, x, nullptr, state, true, trace);
}

}  // namespace gpa
