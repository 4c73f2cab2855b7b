// Weights of F32, F16 and BF16 in panels of kValuePanel rows, where element k of all rows lies together: [panel][k][row]. A decoder's are
// packed when an engine opens (KernelTable::pack), so that a step reads them in one run, converts and multiplies.
#pragma once
#include "cpu/int8_panel.h"
#include "cpu/product.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

constexpr int64_t kValuePanel = 4 * kWidth;

constexpr int64_t panel_rows(DType type) { return dtype_quantized(type) ? kWidth : kValuePanel; }

// Group: columns k and k + 1 (16 bits each), or column k, of kWidth rows. to: column k of the first of them.
template <DType type>
inline void store_columns(Bytes group, char* to) {
  if constexpr (type == DType::kF32) {
    memcpy(to, &group, sizeof group);
  } else {
    using Pairs = uint32_t __attribute__((vector_size(4 * kWidth)));
    using Halves = uint16_t __attribute__((vector_size(2 * kWidth)));
    const Pairs pairs = reinterpret_cast<Pairs>(group);
    const Halves low = __builtin_convertvector(pairs & 0xffff, Halves), high = __builtin_convertvector(pairs >> 16, Halves);
    memcpy(to, &low, sizeof low);
    memcpy(to + kValuePanel * 2, &high, sizeof high);
  }
}

// `count` <= kValuePanel rows of a file into a panel; the others are zero.
template <DType type>
void pack_values(const char* rows, int64_t cols, int64_t count, char* to) {
  constexpr int64_t kSize = dtype_block(type).bytes, kTogether = 16 / kSize;
  const int64_t row_bytes = cols * kSize, vectors = count / kWidth * kWidth;
  if (count < kValuePanel) memset(to, 0, static_cast<size_t>(kValuePanel * row_bytes));
  int64_t k = 0;
  for (; k + kTogether <= cols; k += kTogether) {
    for (int64_t r = 0; r < vectors; r += kWidth) {
      Bytes groups[4];
      StoredBlock{rows + r * row_bytes, row_bytes}.groups(k * kSize, groups);
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) store_columns<type>(groups[i], to + ((k + i * kTogether / 4) * kValuePanel + r) * kSize);
    }
  }
  const auto copy = [&](int64_t r, int64_t column) { memcpy(to + (column * kValuePanel + r) * kSize, rows + r * row_bytes + column * kSize, kSize); };
  for (int64_t r = vectors; r < count; ++r)
    for (int64_t column = 0; column < k; ++column) copy(r, column);
  for (int64_t r = 0; r < count; ++r)
    for (int64_t column = k; column < cols; ++column) copy(r, column);
}

// out[m][r] = x row m . weight row r, for J vectors of rows of a panel from `panel` on. Sums are taken in the order of gemm_block.h.
template <DType type, int M, int J>
void dot_values(const float* x, int64_t x_row, const char* panel, int64_t depth, float* out, int64_t out_row) {
  constexpr int64_t kSize = dtype_block(type).bytes, kColumn = kValuePanel * kSize;
  const int64_t block = block_of_depth(type, depth);
  for (int64_t begin = 0; begin < depth; begin += block) {
    Vec sum[M][J];
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 4
      for (int j = 0; j < J; ++j) sum[m][j] = Vec::zero();
    for (int64_t k = begin; k < smaller(begin + block, depth); ++k, panel += kColumn) {
#pragma GCC unroll 4
      for (int64_t line = 0; line < kColumn; line += 64) __builtin_prefetch(panel + kAheadBytes + line, 0, 0);
      Vec w[J];
#pragma GCC unroll 4
      for (int j = 0; j < J; ++j) w[j] = load_weights<type>(panel, j * kWidth, kWidth);
#pragma GCC unroll 8
      for (int m = 0; m < M; ++m) {
        const Vec v = Vec::broadcast(x[m * x_row + k]);
#pragma GCC unroll 4
        for (int j = 0; j < J; ++j) sum[m][j] = fma(v, w[j], sum[m][j]);
      }
    }
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 4
      for (int j = 0; j < J; ++j) {
        float* to = out + m * out_row + j * kWidth;
        (begin > 0 ? sum[m][j] + Vec::load(to) : sum[m][j]).store(to);
      }
  }
}

// As many vectors of a panel at once as registers have sums for, beside the weights and a value of x.
constexpr int dot_vectors(int rows) {
  constexpr int kSums = kRegisters == 32 ? 24 : 12;
  return rows * 4 <= kSums ? 4 : rows * 2 <= kSums ? 2 : 1;
}

// out[m][0 ... kValuePanel) of M rows.
template <DType type, int M>
void dot_value_panel(const float* x, int64_t x_row, const char* panel, int64_t depth, float* out, int64_t out_row) {
  constexpr int kTogether = dot_vectors(M);
  for (int64_t r = 0; r < kValuePanel; r += kTogether * kWidth)
    dot_values<type, M, kTogether>(x, x_row, panel + r * dtype_block(type).bytes, depth, out + r, out_row);
}

using DotValuePanel = void (*)(const float*, int64_t, const char*, int64_t, float*, int64_t);

template <DType type, int... I>
DotValuePanel dot_value_panel_of(int64_t rows, Indices<I...>) {
  static constexpr DotValuePanel kPanels[] = {dot_value_panel<type, I + 1>...};
  return kPanels[rows - 1];
}

// to[k][0 ... kPanel) = columns first ... first + kPanel of a packed product, as f32; first is a multiple of kPanel.
template <DType type>
void unpack_values(const char* panels, int64_t cols, int64_t first, int64_t first_k, int64_t depth, float* to) {
  static_assert(kValuePanel % kPanel == 0);
  constexpr int64_t kSize = dtype_block(type).bytes;
  const int64_t in_panel = first % kValuePanel;
  const char* from = panels + ((first - in_panel) * cols + first_k * kValuePanel + in_panel) * kSize;
  for (int64_t k = 0; k < depth; ++k, from += kValuePanel * kSize) {
    load_weights<type>(from, 0, kWidth).store(to + k * kPanel);
    load_weights<type>(from, kWidth, kWidth).store(to + k * kPanel + kWidth);
  }
}

// What depends on the type of the weights.
struct ValueKernel {
  void (*pack)(const char* rows, int64_t cols, int64_t count, char* to);
  void (*unpack)(const char* panels, int64_t cols, int64_t first, int64_t first_k, int64_t depth, float* to);
  DotValuePanel (*dot)(int64_t rows, Indices<0, 1, 2, 3, 4, 5>);
};
template <DType type>
constexpr ValueKernel kValueKernel = {pack_values<type>, unpack_values<type>, dot_value_panel_of<type>};

inline const ValueKernel& value_kernel(DType type) {
  if (type == DType::kF16) return kValueKernel<DType::kF16>;
  if (type == DType::kBF16) return kValueKernel<DType::kBF16>;
  return kValueKernel<DType::kF32>;
}

constexpr int64_t kMostDotRows = 6;      // at once
constexpr int64_t kMostPackedRows = 24;  // above, converting a panel once for all rows costs less than doing it for every six

// y of some rows, whose weights are packed: the first rows read a panel from memory, the others from the cache.
inline void multiply_packed_rows(ThreadPool& pool, const Product& p) {
  const int64_t turns = ceil_div(p.rows, kMostDotRows);
  const int64_t panels = ceil_div(p.cols(), kValuePanel), panel_bytes = kValuePanel * dtype_bytes(p.w.type, p.w.cols);
  const int64_t together = larger<int64_t>(1, smaller((1 << 20) / panel_bytes, panels / (8 * pool.threads())));
  run_parts(pool, ceil_div(panels, together), [&](int64_t part, int) {
    float sums[kMostDotRows][kValuePanel];
    for (int64_t panel = part * together; panel < smaller(panels, (part + 1) * together); ++panel) {
      const int64_t first = panel * kValuePanel, count = smaller(kValuePanel, p.cols() - first);
      for (int64_t turn = 0; turn < turns; ++turn) {
        const int64_t begin = p.rows * turn / turns, rows = p.rows * (turn + 1) / turns - begin;
        const DotValuePanel dot = value_kernel(p.w.type).dot(rows, Iota<static_cast<int>(kMostDotRows)>());
        dot(p.x + begin * p.channels, p.channels, p.panels + panel * panel_bytes, p.depth(), sums[0], kValuePanel);
        for (int64_t row = 0; row < rows; ++row) store_row(p, 0, begin + row, first, count, sums[row], nullptr);
      }
    }
  });
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
