#include "models/qwen3.h"

#include <cmath>

#include "error.h"

namespace gpa {
namespace {

constexpr int64_t kMaxExtent = 1 << 24;  // of any width; keeps products of two far from overflow

// y = W prologue(x) + b. Decoding is bound by the weights that it reads: with those of a block type the activations are rounded too.
LinearArgs map_of(const Matrix& x, const Linear& linear, float* y, const Prologue& prologue = {}) {
  return {x.data, x.rows, linear.weight, {.bias = linear.bias}, y, Rounding::kInt8, prologue};
}

// x + W prologue(y) is written over x.
void add_product(const Context& context, const Matrix& y, const Linear& linear, Matrix x, const Prologue& prologue = {}) {
  LinearArgs map = map_of(y, linear, x.data, prologue);
  map.epilogue.residual = x.data;
  context.kernels.linear(context.queue, map);
}

Matrix outputs(const Context& context, const Matrix& x, const Linear& linear) {
  return context.arena.matrix(x.rows, linear.weight.rows);
}

}  // namespace

Qwen3::Qwen3(const GgufFile& file) {
  const auto extent = [&](const char* key) { return file.integer(key, 1, kMaxExtent); };
  const std::string_view architecture = file.string("gpa.decoder.architecture");
  if (architecture != "qwen3" && architecture != "qwen2") {
    fail(GPA_ERROR_UNSUPPORTED, "%s: metadata 'gpa.decoder.architecture' is neither qwen3 nor qwen2", file.path().c_str());
  }
  const int64_t layers = file.integer("gpa.decoder.block_count", 1, 4096);
  const int64_t dim = extent("gpa.decoder.embedding_length");
  const int64_t ffn = extent("gpa.decoder.feed_forward_length");
  const int64_t vocab = extent("gpa.decoder.vocab_size");
  heads_ = file.integer("gpa.decoder.head_count", 1, 1 << 16);
  kv_heads_ = file.integer("gpa.decoder.head_count_kv", 1, heads_);
  head_dim_ = file.integer("gpa.decoder.head_dim", 2, 1 << 16);
  context_length_ = extent("gpa.decoder.context_length");
  epsilon_ = file.positive("gpa.decoder.rms_epsilon");
  theta_ = file.positive("gpa.decoder.rope_theta");
  if (heads_ % kv_heads_ != 0) {
    fail(GPA_ERROR_MODEL_FORMAT, "%s: metadata 'gpa.decoder.head_count' is no multiple of 'head_count_kv'", file.path().c_str());
  }
  if (head_dim_ % 2 != 0) fail(GPA_ERROR_MODEL_FORMAT, "%s: metadata 'gpa.decoder.head_dim' is odd", file.path().c_str());

  const Weights weights(file, "decoder");
  embedding_ = weights.matrix("token_embd.weight", vocab, dim);
  head_ = weights.has("output.weight") ? weights.matrix("output.weight", vocab, dim) : embedding_;
  output_norm_ = weights.vector("output_norm.weight", dim);
  const bool norms = architecture == "qwen3";
  const bool biases = architecture == "qwen2" || weights.has("blk.0.attn_q.bias");
  for (int64_t i = 0; i < layers; ++i) {
    const Weights at = weights.at("blk", i);
    const auto input = [&](const char* name, int64_t heads) {
      return biases ? at.linear(name, heads * head_dim_, dim) : at.linear_no_bias(name, heads * head_dim_, dim);
    };
    Layer layer{};
    layer.attn_norm = at.vector("attn_norm.weight", dim);
    layer.q = input("attn_q", heads_);
    layer.k = input("attn_k", kv_heads_);
    layer.v = input("attn_v", kv_heads_);
    layer.q_norm = norms ? at.vector("attn_q_norm.weight", head_dim_) : nullptr;
    layer.k_norm = norms ? at.vector("attn_k_norm.weight", head_dim_) : nullptr;
    layer.output = at.linear_no_bias("attn_output", dim, heads_ * head_dim_);
    layer.ffn_norm = at.vector("ffn_norm.weight", dim);
    layer.gate = at.linear_no_bias("ffn_gate", ffn, dim);
    layer.up = at.linear_no_bias("ffn_up", ffn, dim);
    layer.down = at.linear_no_bias("ffn_down", dim, ffn);
    layers_.push_back(layer);
  }
}

KvShape Qwen3::kv_shape() const {
  const DType weights = layers_.front().k.weight.type;
  return {static_cast<int64_t>(layers_.size()), kv_heads_, head_dim_, weights == DType::kF32 ? DType::kF32 : DType::kF16};
}

std::vector<Weight> Qwen3::products() const {
  std::vector<Weight> out{head_};
  for (const Layer& layer : layers_) {
    for (const Linear& linear : {layer.q, layer.k, layer.v, layer.output, layer.gate, layer.up, layer.down}) out.push_back(linear.weight);
  }
  return out;
}

Matrix Qwen3::forward(const Context& context, std::span<const int32_t> ids, std::span<const DecoderSpan> spans) const {
  const Matrix hidden = run(context, DecoderStep::plan(context, ids, spans));
  for (const DecoderSpan& span : spans) span.sequence->advance(span.rows);
  return hidden;
}

Matrix Qwen3::run(const Context& context, const DecoderStep& step) const {
  const Matrix hidden = context.arena.matrix(step.rows, dim());
  Arena::Scope scope(context.arena);
  const Matrix x = context.arena.matrix(step.rows, dim());
  context.kernels.embed(context.queue, {embedding_, step.ids, step.rows, x.data});
  for (size_t i = 0; i < layers_.size(); ++i) {
    attend(context, static_cast<int64_t>(i), step, x);
    feed_forward(context, layers_[i], x);
    if (i == 0) context.trace("hidden_1", x);
  }
  context.kernels.rms_norm(context.queue, {x.data, step.rows, dim(), output_norm_, epsilon_, hidden.data});
  context.trace("hidden_final", hidden);
  return hidden;
}

Matrix Qwen3::logits(const Context& context, const Matrix& hidden, std::span<const IdRange> ranges) const {
  int64_t count = 0;
  for (const IdRange& range : ranges) count += range.count;
  const Matrix out = context.arena.matrix(hidden.rows, count);
  int64_t column = 0;
  for (const IdRange& range : ranges) {
    Arena::Scope scope(context.arena);
    // A kernel writes dense rows: where a row holds several ranges they are put in their place afterwards.
    const bool dense = hidden.rows == 1 || range.count == count;
    float* y = dense ? out.data + column : context.arena.matrix(hidden.rows, range.count).data;
    context.kernels.linear(context.queue, map_of(hidden, {head_.slice_rows(range.first, range.count)}, y));
    const auto row_bytes = static_cast<size_t>(range.count) * sizeof(float);
    if (!dense) context.queue.copy(out.data + column, static_cast<size_t>(count) * sizeof(float), y, row_bytes, row_bytes, static_cast<size_t>(out.rows));
    column += range.count;
  }
  return out;
}

void Qwen3::attend(const Context& context, int64_t index, const DecoderStep& step, Matrix x) const {
  Arena::Scope scope(context.arena);
  const Layer& layer = layers_[static_cast<size_t>(index)];
  const Matrix q = outputs(context, x, layer.q), k = outputs(context, x, layer.k), v = outputs(context, x, layer.v);
  const Prologue norm{.norm = layer.attn_norm, .eps = epsilon_};
  const LinearArgs maps[] = {map_of(x, layer.q, q.data, norm), map_of(x, layer.k, k.data, norm), map_of(x, layer.v, v.data, norm)};
  context.kernels.linears(context.queue, maps, 3);

  const KvShape shape = kv_shape();
  context.kernels.rotate_and_store(context.queue, {.q = q.data,
                                                   .k = k.data,
                                                   .v = v.data,
                                                   .rows = step.rows,
                                                   .heads = heads_,
                                                   .kv_heads = kv_heads_,
                                                   .head_dim = head_dim_,
                                                   .q_norm = layer.q_norm,
                                                   .k_norm = layer.k_norm,
                                                   .eps = epsilon_,
                                                   .positions = step.positions,
                                                   .theta = theta_,
                                                   .kv_type = shape.type,
                                                   .slots = step.slots,
                                                   .k_offset = shape.key_offset(index),
                                                   .v_offset = shape.value_offset(index)});
  const Matrix y = context.arena.matrix(x.rows, heads_ * head_dim_);
  context.kernels.attention(context.queue, {.q = q.data,
                                            .q_stride = q.cols,
                                            .heads = heads_,
                                            .kv_heads = kv_heads_,
                                            .head_dim = head_dim_,
                                            .kv_type = shape.type,
                                            .page_tokens = kKvPageTokens,
                                            .kv_stride = shape.width(),
                                            .k_offset = shape.key_offset(index),
                                            .v_offset = shape.value_offset(index),
                                            .scale = 1.0f / std::sqrt(static_cast<float>(head_dim_)),
                                            .mask = Mask::kCausal,
                                            .y = y.data,
                                            .y_stride = y.cols,
                                            .sequences = step.sequences,
                                            .count = step.count,
                                            .most_queries = step.most_queries,
                                            .most_keys = step.most_keys});
  add_product(context, y, layer.output, x);
}

void Qwen3::feed_forward(const Context& context, const Layer& layer, Matrix x) const {
  Arena::Scope scope(context.arena);
  const Matrix gate = outputs(context, x, layer.gate), up = outputs(context, x, layer.up);
  const Prologue norm{.norm = layer.ffn_norm, .eps = epsilon_};
  const LinearArgs maps[] = {map_of(x, layer.gate, gate.data, norm), map_of(x, layer.up, up.data, norm)};
  context.kernels.linears(context.queue, maps, 2);
  add_product(context, gate, layer.down, x, {.up = up.data, .activation = Activation::kSilu});
}

}  // namespace gpa
