// Speed of the kernels at the model's shapes. "GFLOP/s" counts a multiply-add as two; "of peak" compares with
// multiply-adds on registers alone, as many threads, measured before in this run.  Threads: GPA_BENCH_THREADS (default 2).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "bench/machine.h"
#include "gpa/kernels/kernel_table.h"
#include "gpa/kernels/packed_weights.h"
#include "gpa/kernels/quantize.h"

namespace {

using namespace gpa;
using bench::pool;

std::vector<float> floats(int64_t count) {
  std::vector<float> out(static_cast<size_t>(count));
  for (size_t i = 0; i < out.size(); ++i) out[i] = std::sin(static_cast<float>(i % 9973));
  return out;
}

// Of a block type: any bytes that make finite scales.
std::vector<char> weights(DType type, int64_t count) {
  if (dtype_quantized(type)) {
    std::vector<char> out(static_cast<size_t>(dtype_bytes(type, count)));
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>(i * 2654435761u >> 13 & 0x37);
    return out;
  }
  const auto values = floats(count);
  std::vector<char> out(static_cast<size_t>(dtype_bytes(type, count)));
  convert_elements(DType::kF32, values.data(), type, out.data(), count);
  return out;
}

struct Isa {
  const KernelTable* kernels;
  bench::Limits limits;
};

void report(benchmark::State& state, const Isa& isa, double flop, double bytes) {
  const double runs = static_cast<double>(state.iterations());
  state.counters["GFLOP/s"] = benchmark::Counter(flop * runs * 1e-9, benchmark::Counter::kIsRate);
  if (isa.limits.flop > 0) state.counters["of_peak"] = benchmark::Counter(flop * runs / isa.limits.flop, benchmark::Counter::kIsRate);
  state.counters["GB/s"] = benchmark::Counter(bytes * runs * 1e-9, benchmark::Counter::kIsRate);
  state.counters["of_stream"] = benchmark::Counter(bytes * runs / isa.limits.stream, benchmark::Counter::kIsRate);
}

void linear(benchmark::State& state, Isa isa, int64_t rows, int64_t outputs, int64_t inputs, DType type, Rounding rounding) {
  // Several copies, so that decoding reads weights from memory as it does with a whole model.
  const int64_t bytes = dtype_bytes(type, outputs * inputs);
  const int64_t copies = rows <= 16 ? std::max<int64_t>(1, (int64_t{192} << 20) / bytes) : 1;
  std::vector<std::vector<char>> w(static_cast<size_t>(copies), weights(type, outputs * inputs));
  const auto x = floats(rows * inputs);
  std::vector<float> y(static_cast<size_t>(rows * outputs));
  std::vector<Weight> packed;
  if (rounding == Rounding::kInt8 || !dtype_quantized(type))
    for (const auto& copy : w) packed.push_back({copy.data(), type, outputs, inputs});
  const PackedWeights as_decoders(*isa.kernels, pool(), packed.data(), static_cast<int64_t>(packed.size()));
  pool().use(&as_decoders);
  size_t next = 0;
  for (auto _ : state) {
    isa.kernels->linear(pool(), {.x = x.data(), .rows = rows, .w = {w[next].data(), type, outputs, inputs}, .epilogue = {}, .y = y.data(), .rounding = rounding});
    next = (next + 1) % w.size();
  }
  pool().use(nullptr);
  if (rounding == Rounding::kInt8) isa.limits.flop = isa.limits.int8;
  report(state, isa, 2.0 * static_cast<double>(rows * outputs * inputs), static_cast<double>(bytes));
}

void conv(benchmark::State& state, Isa isa, int64_t frames, int64_t in, int64_t out, int64_t taps, int64_t dilation, int64_t groups) {
  const auto x = floats(frames * in);
  const auto w = weights(DType::kF16, out * taps * in / groups);
  std::vector<float> y(static_cast<size_t>(frames * out));
  for (auto _ : state)
    isa.kernels->conv1d(pool(), {.x = x.data(), .frames = frames, .in_channels = in, .w = {w.data(), DType::kF16, out, taps * in / groups},
                                 .taps = taps, .dilation = dilation, .groups = groups, .pad_left = taps / 2 * dilation,
                                 .out_frames = frames, .epilogue = {}, .y = y.data()});
  report(state, isa, 2.0 * static_cast<double>(frames * out * taps * in / groups), 0);
}

void conv_transpose(benchmark::State& state, Isa isa, int64_t frames, int64_t in, int64_t out, int64_t stride) {
  const auto x = floats(frames * in);
  const auto w = weights(DType::kF16, stride * out * 2 * in);
  std::vector<float> y(static_cast<size_t>(frames * stride * out));
  for (auto _ : state)
    isa.kernels->conv_transpose1d(pool(), {.x = x.data(), .frames = frames, .in_channels = in,
                                           .w = {w.data(), DType::kF16, stride * out, 2 * in}, .stride = stride, .taps_per_phase = 2, .out_channels = out, .crop_left = stride / 2,
                                           .out_frames = frames * stride, .bias = nullptr, .y = y.data()});
  report(state, isa, 2.0 * static_cast<double>((frames + 1) * stride * out * 2 * in), 0);
}

void attention(benchmark::State& state, Isa isa, int64_t queries, int64_t heads, int64_t kv_heads, int64_t head_dim, int64_t keys,
               Mask mask, DType kv_type) {
  const int64_t position = keys - queries, width = kv_heads * head_dim;
  const auto q = floats(queries * heads * head_dim);
  const auto kv = weights(kv_type, 2 * keys * width);
  std::vector<float> y(q.size());
  const void* page = kv.data();
  const AttentionSequence sequence{.first_row = 0, .queries = queries, .keys = keys, .position = position, .pages = &page};
  for (auto _ : state)
    isa.kernels->attention(pool(), {.q = q.data(), .q_stride = heads * head_dim, .heads = heads, .kv_heads = kv_heads, .head_dim = head_dim, .kv_type = kv_type,
                                    .page_tokens = keys, .kv_stride = width, .k_offset = 0, .v_offset = keys * width, .scale = 0.125f,
                                    .mask = mask, .y = y.data(), .y_stride = heads * head_dim, .sequences = &sequence, .count = 1,
                                    .most_queries = queries, .most_keys = keys});
  const double seen = mask == Mask::kFull ? static_cast<double>(keys) : static_cast<double>(keys) - static_cast<double>(queries) / 2;
  report(state, isa, 4.0 * static_cast<double>(queries * heads * head_dim) * seen, static_cast<double>(dtype_bytes(kv_type, 2 * keys * width)));
}

void activate(benchmark::State& state, Isa isa, int64_t count, Activation activation) {
  const auto x = floats(count);
  std::vector<float> y(x.size());
  for (auto _ : state) isa.kernels->activate(pool(), {.x = x.data(), .count = count, .activation = activation, .y = y.data()});
  report(state, isa, 0, 8.0 * static_cast<double>(count));
}

void nearest(benchmark::State& state, Isa isa, int64_t rows, int64_t cols, int64_t codes) {
  const auto x = floats(rows * cols), table = floats(codes * cols);
  std::vector<int32_t> ids(static_cast<size_t>(rows));
  for (auto _ : state)
    isa.kernels->nearest(pool(), {.x = x.data(), .rows = rows, .cols = cols, .codes = table.data(), .code_count = codes,
                                  .metric = Metric::kEuclidean, .ids = ids.data(), .margin = nullptr});
  report(state, isa, 3.0 * static_cast<double>(rows * cols * codes), 0);
}

constexpr int64_t kBlockRows = 64, kBlockCols = 4096;

// The rate is that of the f32 side, on one thread.
void report_blocks(benchmark::State& state) {
  const double megabytes = 4e-6 * kBlockRows * kBlockCols * static_cast<double>(state.iterations());
  state.counters["MB/s"] = benchmark::Counter(megabytes, benchmark::Counter::kIsRate);
}

void encode_blocks(benchmark::State& state, Isa isa, DType type) {
  const auto x = floats(kBlockRows * kBlockCols);
  std::vector<char> blocks(static_cast<size_t>(dtype_bytes(type, kBlockRows * kBlockCols)));
  for (auto _ : state) quantize_rows_with(isa.kernels->name, type, x.data(), kBlockRows, kBlockCols, nullptr, blocks.data());
  report_blocks(state);
}

void decode_blocks(benchmark::State& state, DType type) {
  const auto blocks = weights(type, kBlockRows * kBlockCols);
  std::vector<float> x(static_cast<size_t>(kBlockRows * kBlockCols));
  for (auto _ : state) convert_elements(type, blocks.data(), DType::kF32, x.data(), kBlockRows * kBlockCols);
  report_blocks(state);
}

constexpr std::pair<const char*, DType> kBlockTypes[] = {{"q8_0", DType::kQ8_0}, {"q6_k", DType::kQ6_K}, {"q5_k", DType::kQ5_K},
                                                         {"q4_k", DType::kQ4_K}, {"q4_0", DType::kQ4_0}, {"iq4_nl", DType::kIQ4_NL}};

// These run on one thread: their time is the processor's.
template <class Function>
void register_blocks(const std::string& name, Function function) {
  for (const auto& [type_name, type] : kBlockTypes) {
    benchmark::RegisterBenchmark((name + type_name).c_str(), [=, block_type = type](benchmark::State& state) { function(state, block_type); })
        ->Unit(benchmark::kMicrosecond);
  }
}

void register_cases(const std::string& name, const Isa& isa) {
  const auto add = [&](const std::string& what, auto function, auto... args) {
    benchmark::RegisterBenchmark((name + "/" + what).c_str(), [=](benchmark::State& state) { function(state, isa, args...); })
        ->UseRealTime()
        ->Unit(benchmark::kMicrosecond);
  };
  const std::pair<const char*, DType> types[] = {{"f32", DType::kF32}, {"f16", DType::kF16}, {"bf16", DType::kBF16}};
  using I = int64_t;
  for (const auto& [type_name, type] : types) {
    const std::string suffix = std::string("_") + type_name;
    add("linear_m512_n3072_k768" + suffix, linear, I{512}, I{3072}, I{768}, type, Rounding::kNone);
    add("linear_m32_n3072_k768" + suffix, linear, I{32}, I{3072}, I{768}, type, Rounding::kNone);
    add("linear_m8_n3072_k768" + suffix, linear, I{8}, I{3072}, I{768}, type, Rounding::kNone);
    add("decode_m1_n2304_k768" + suffix, linear, I{1}, I{2304}, I{768}, type, Rounding::kNone);
    add("decode_m4_n2304_k768" + suffix, linear, I{4}, I{2304}, I{768}, type, Rounding::kNone);
  }
  const std::pair<const char*, DType> block_types[] = {{"q8_0", DType::kQ8_0}, {"q6_k", DType::kQ6_K}, {"q5_k", DType::kQ5_K},
                                                       {"q4_k", DType::kQ4_K}, {"q4_0", DType::kQ4_0}, {"iq4_nl", DType::kIQ4_NL}};
  for (const auto& [type_name, type] : block_types) {
    const std::string suffix = std::string("_") + type_name;
    for (const I rows : {1, 2, 4, 8, 16}) add("int8_decode_m" + std::to_string(rows) + "_n2304_k768" + suffix, linear, rows, I{2304}, I{768}, type, Rounding::kInt8);
    add("int8_linear_m512_n3072_k768" + suffix, linear, I{512}, I{3072}, I{768}, type, Rounding::kInt8);
    add("linear_m512_n3072_k768" + suffix, linear, I{512}, I{3072}, I{768}, type, Rounding::kNone);
  }
  add("linear_m1500_n1280_k1280_f16", linear, I{1500}, I{1280}, I{1280}, DType::kF16, Rounding::kNone);
  add("decode_head_m1_n8192_k768_f16", linear, I{1}, I{8192}, I{768}, DType::kF16, Rounding::kNone);
  add("conv_k7_192ch_8000frames_f16", conv, I{8000}, I{192}, I{192}, I{7}, I{1}, I{1});
  add("conv_k7_192ch_dilation9_f16", conv, I{8000}, I{192}, I{192}, I{7}, I{9}, I{1});
  add("conv_k7_96ch_16000frames_f16", conv, I{16000}, I{96}, I{96}, I{7}, I{3}, I{1});
  add("conv_k7_96ch_to_1_f16", conv, I{16000}, I{96}, I{1}, I{7}, I{1}, I{1});
  add("conv_k128_1024ch_16groups_f16", conv, I{300}, I{1024}, I{1024}, I{128}, I{1}, I{16});
  add("conv_transpose_1536_to_768_stride8_f16", conv_transpose, I{50}, I{1536}, I{768}, I{8});
  add("attention_full_1500x20x64", attention, I{1500}, I{20}, I{20}, I{64}, I{1500}, Mask::kFull, DType::kF32);
  add("attention_causal_512x12of4x64", attention, I{512}, I{12}, I{4}, I{64}, I{512}, Mask::kCausal, DType::kF16);
  add("attention_decode_1x12of4x64_1000keys", attention, I{1}, I{12}, I{4}, I{64}, I{1000}, Mask::kCausal, DType::kF16);
  add("gelu_1M", activate, I{1} << 20, Activation::kGelu);
  add("silu_1M", activate, I{1} << 20, Activation::kSilu);
  add("nearest_375x1280_16384codes", nearest, I{375}, I{1280}, I{16384});
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  benchmark::AddCustomContext("threads", std::to_string(pool().threads()));
  for (auto* name = available_kernels(); *name; ++name) {
    if (std::string(*name) == "reference") continue;
    const Isa isa{find_kernels(*name), bench::measure_limits(*name)};
    bench::add_to_context(*name, isa.limits);
    register_cases(*name, isa);
    register_blocks(std::string(*name) + "/encode_blocks_", [isa](benchmark::State& state, DType type) { encode_blocks(state, isa, type); });
  }
  register_blocks("decode_blocks_", decode_blocks);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
