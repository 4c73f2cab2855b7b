#include "cases.h"

#include <random>

#include "kernels/support.h"

namespace gpa::bench {
namespace {

constexpr int kTurns = 8;  // copies of weights: of 4 MB and more each, larger than any cache together

std::string join(std::initializer_list<int64_t> extents) {
  std::string text;
  for (const int64_t extent : extents) text += (text.empty() ? "" : " x ") + std::to_string(extent);
  return text;
}

double as_double(int64_t value) { return static_cast<double>(value); }

}  // namespace

Cases::Cases(Device& device, Queue& queue, bool smoke) : queue_(queue), kernels_(device.kernels()), smoke_(smoke) {
  add_products();
  add_convolutions();
  add_attention("attention, decode", 64, 1, 512, Mask::kCausal);
  add_attention("attention, prefill", 4, 512, 512, Mask::kCausal);
  add_attention("attention, encoder", 4, 500, 500, Mask::kFull);
  add_rows();
  add_samples(64, 8200);
  add_samples(64, 151936);
  queue_.wait();
}

Cases::~Cases() {
  for (void* memory : memory_) queue_.release(memory);
}

void* Cases::put(const void* data, size_t bytes) {
  memory_.push_back(queue_.allocate(bytes));
  queue_.upload(memory_.back(), data, bytes);
  return memory_.back();
}

float* Cases::floats(int64_t count) { return put(test::random_floats(count, static_cast<uint32_t>(memory_.size()))); }

Weight Cases::weights(DType type, int64_t rows, int64_t cols) {
  const test::Weights w = test::random_weights(type, rows, cols, static_cast<uint32_t>(memory_.size()));
  return {put(w.bytes), type, rows, cols};
}

void Cases::add_product(DType type, int64_t rows, int64_t in, int64_t out, Entry entry) {
  rows = scaled(rows);
  std::vector<LinearArgs> maps;
  const float* x = floats(rows * in);
  float* y = floats(rows * out);
  Prologue prologue;
  if (entry == Entry::kNormed) prologue = {.norm = floats(in), .eps = 1e-6f};
  if (entry == Entry::kSnaked) prologue = {.snake = floats(in)};
  if (entry == Entry::kGated) prologue = {.up = floats(rows * in), .activation = Activation::kSilu};
  const Weight first = weights(type, out, in);
  const auto bytes = static_cast<size_t>(dtype_bytes(type, in * out));
  for (int turn = 0; turn < kTurns; ++turn) {
    LinearArgs map{x, rows, first, {}, y, dtype_quantized(type) ? Rounding::kInt8 : Rounding::kNone, prologue};
    if (turn > 0) {
      memory_.push_back(queue_.allocate(bytes));
      queue_.copy(memory_.back(), 0, first.data, 0, bytes, 1);
      map.w.data = memory_.back();
    }
    maps.push_back(map);
  }
  const char* names[] = {"linear", "linear, normed", "linear, gated", "linear, through Snake"};
  const int64_t inputs = entry == Entry::kGated ? 2 * in : in;
  cases_.push_back({names[static_cast<int>(entry)], std::string(test::name_of(type)) + " " + join({rows, in, out}),
                    static_cast<double>(bytes) + 4.0 * as_double(rows) * as_double(inputs + out),
                    2.0 * as_double(rows) * as_double(in) * as_double(out),
                    [this, maps](int turn) { kernels_.linear(queue_, maps[static_cast<size_t>(turn % kTurns)]); }});
}

void Cases::add_products() {
  const int64_t in = smoke_ ? 256 : 1024, out = smoke_ ? 64 : 4096;
  for (const DType type : {DType::kF32, DType::kF16, DType::kQ8_0, DType::kQ4_K, DType::kQ4_0})
    for (const int64_t rows : {1, 8, 64, 512}) add_product(type, rows, in, out, Entry::kPlain);
  for (const Entry entry : {Entry::kNormed, Entry::kGated})
    for (const int64_t rows : {1, 64}) add_product(DType::kQ8_0, rows, in, out, entry);
  for (const DType type : {DType::kF16, DType::kQ8_0}) add_product(type, scaled(4000), in, in, Entry::kSnaked);
}

void Cases::add_convolutions() {
  const int64_t frames = scaled(1000), channels = scaled(768), taps = 7;
  for (const DType type : {DType::kF16, DType::kQ8_0}) {
    const Conv1dArgs conv{floats(frames * channels), frames, channels, weights(type, channels, taps * channels), taps, 1, 1, 1, taps - 1, frames,
                          {}, floats(frames * channels), dtype_quantized(type) ? Rounding::kInt8 : Rounding::kNone};
    cases_.push_back({"conv1d", std::string(test::name_of(type)) + " " + join({frames, channels, taps}),
                      8.0 * as_double(frames * channels) + as_double(dtype_bytes(type, channels * channels * taps)),
                      2.0 * as_double(frames * channels) * as_double(channels * taps), [this, conv](int) { kernels_.conv1d(queue_, conv); }});
  }
  const int64_t stride = 4, out = channels / 2;
  const ConvTranspose1dArgs up{floats(frames * channels), frames, channels, weights(DType::kF16, stride * out, 2 * channels), stride, 2, out, 2,
                               frames * stride, nullptr, floats(frames * stride * out)};
  cases_.push_back({"conv_transpose1d", "F16 " + join({frames, channels, stride, out}), 4.0 * as_double(frames * channels + frames * stride * out),
                    2.0 * as_double(frames * stride * out) * as_double(2 * channels), [this, up](int) { kernels_.conv_transpose1d(queue_, up); }});
  const DepthwiseConv1dArgs depthwise{floats(frames * channels), frames, channels, floats(taps * channels), taps, 3, frames, nullptr,
                                      floats(frames * channels)};
  cases_.push_back({"depthwise_conv1d", join({frames, channels, taps}), 8.0 * as_double(frames * channels),
                    2.0 * as_double(frames * channels * taps), [this, depthwise](int) { kernels_.depthwise_conv1d(queue_, depthwise); }});
}

void Cases::add_attention(const char* name, int64_t count, int64_t queries, int64_t keys, Mask mask) {
  constexpr int64_t kHeads = 16, kKvHeads = 8, kDim = 64, kPageTokens = 64, kStride = 2 * kKvHeads * kDim;
  count = smoke_ ? 2 : count;
  queries = scaled(queries);
  keys = scaled(keys);
  const int64_t pages = (keys + kPageTokens - 1) / kPageTokens;
  std::vector<AttentionSequence> sequences;
  for (int64_t i = 0; i < count; ++i) {
    std::vector<const void*> table;
    for (int64_t p = 0; p < pages; ++p) table.push_back(weights(DType::kF16, kPageTokens, kStride).data);
    sequences.push_back({i * queries, queries, keys, keys - queries, put(table)});
  }
  AttentionArgs a{};
  a.q = floats(count * queries * kHeads * kDim);
  a.q_stride = a.y_stride = kHeads * kDim;
  a.heads = kHeads;
  a.kv_heads = kKvHeads;
  a.head_dim = kDim;
  a.kv_type = DType::kF16;
  a.page_tokens = kPageTokens;
  a.kv_stride = kStride;
  a.v_offset = kKvHeads * kDim;
  a.scale = 0.125f;
  a.mask = mask;
  a.y = floats(count * queries * kHeads * kDim);
  a.sequences = put(sequences);
  a.count = count;
  a.most_queries = queries;
  a.most_keys = keys;
  const double pairs = as_double(count * queries) * as_double(keys) * (mask == Mask::kFull || queries == 1 ? 1.0 : 0.5);
  cases_.push_back({name, join({count, queries, keys}), as_double(count * keys * kStride) * 2 + 8.0 * as_double(count * queries * kHeads * kDim),
                    4.0 * pairs * kHeads * kDim, [this, a](int) { kernels_.attention(queue_, a); }});
}

void Cases::add_rows() {
  for (const int64_t rows : {int64_t{64}, scaled(2000)}) {
    const int64_t cols = scaled(1024), count = rows * cols;
    const double moved = 8.0 * as_double(count);
    const float *x = floats(count), *other = floats(count), *w = floats(cols);
    float* y = floats(count);
    const std::string shape = join({rows, cols});
    const auto add = [&](const char* op, double bytes, std::function<void(int)> run) { cases_.push_back({op, shape, bytes, 0, std::move(run)}); };
    add("rms_norm", moved, [=, this](int) { kernels_.rms_norm(queue_, {x, rows, cols, w, 1e-6f, y}); });
    add("layer_norm", moved, [=, this](int) { kernels_.layer_norm(queue_, {x, rows, cols, w, w, 1e-5f, y}); });
    add("activate", moved, [=, this](int) { kernels_.activate(queue_, {x, count, Activation::kGelu, y}); });
    add("affine", 1.5 * moved, [=, this](int) { kernels_.affine(queue_, {x, rows, cols, w, w, other, y}); });
    add("mean_rows", 0.5 * moved, [=, this](int) { kernels_.mean_rows(queue_, {x, rows, cols, 50, y}); });
    std::vector<int32_t> ids(static_cast<size_t>(rows));
    for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int32_t>(i * 37 % 500);
    const int32_t* positions = put(ids);
    const EmbedArgs embed{weights(DType::kQ8_0, 512, cols), positions, rows, y};
    add("embed", 0.75 * moved, [=, this](int) { kernels_.embed(queue_, embed); });
    std::vector<void*> slots;
    char* pages = reinterpret_cast<char*>(floats(count));
    for (int64_t r = 0; r < rows; ++r) slots.push_back(pages + r * cols * 4);
    void* const* table = put(slots);
    const RotateAndStoreArgs heads{y, x, other, rows, cols / 64, cols / 64, 64, w, w, 1e-6f, positions, 1e6f, DType::kF16, table, 0, cols};
    add("rotate_and_store", 2.5 * moved, [=, this](int) { kernels_.rotate_and_store(queue_, heads); });
  }
  const int64_t rows = scaled(500), codes = scaled(8192);
  auto* ids = reinterpret_cast<int32_t*>(floats(rows));
  const NearestArgs nearest{floats(rows * 8), rows, 8, floats(codes * 8), codes, Metric::kCosine, ids, nullptr};
  cases_.push_back({"nearest", join({rows, 8, codes}), 32.0 * as_double(rows + codes), 2.0 * as_double(rows * codes * 8),
                    [this, nearest](int) { kernels_.nearest(queue_, nearest); }});
}

void Cases::add_samples(int64_t rows, int64_t cols) {
  rows = smoke_ ? 2 : rows;
  cols = scaled(cols);
  const std::vector<uint32_t> none(static_cast<size_t>((cols + 31) / 32));
  std::vector<SampleRow> draws;
  for (int64_t r = 0; r < rows; ++r) draws.push_back({0.37, 0.8f, 0.95f, 1.1f, 50, put(none)});
  const float* fresh = floats(rows * cols);
  float* logits = floats(rows * cols);
  const SampleArgs a{logits, rows, cols, put(draws), reinterpret_cast<int32_t*>(floats(rows))};
  // The op changes its logits: each turn begins with a copy.
  cases_.push_back({"sample, with a copy of the logits", join({rows, cols}), 16.0 * as_double(rows * cols), 0, [=, this](int) {
                      queue_.copy(logits, 0, fresh, 0, static_cast<size_t>(rows * cols) * sizeof(float), 1);
                      kernels_.sample(queue_, a);
                    }});
}

}  // namespace gpa::bench
