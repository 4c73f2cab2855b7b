// Attention of few rows, as in decoding: a key or value serves too few products for its panel to be worth packing. The sums are
// those of multiply_panel(), bit by bit: one accumulator an output, in the order of its terms.
#pragma once
#include "cpu/gemm_tile.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

constexpr int kMostFewRows = 7;
constexpr int64_t kKeysAtOnce = 4 * kWidth;

using Halves = uint16_t __attribute__((vector_size(4 * kWidth)));

// A vector of 16-bit values from where its halves stand.
template <int... J>
inline Halves join(const void* low, const void* high, Indices<J...>) {
  int32_t __attribute__((vector_size(2 * kWidth))) a, b;
  memcpy(&a, low, sizeof a);
  memcpy(&b, high, sizeof b);
  return reinterpret_cast<Halves>(__builtin_shufflevector(a, b, J...));
}

// The elements of a and b by turns, in every 128 bits: `low` takes the first four of each, `high` the last four.
template <int... J>
inline void interleave(Halves& a, Halves& b, Indices<J...>) {
  const Halves low = __builtin_shufflevector(a, b, (J / 8 * 8 + J % 8 / 2 + J % 2 * 2 * kWidth)...);
  const Halves high = __builtin_shufflevector(a, b, (J / 8 * 8 + 4 + J % 8 / 2 + J % 2 * 2 * kWidth)...);
  a = low;
  b = high;
}

// Exchanges the second and third quarter.
template <int... J>
inline Halves swap_quarters(Halves a, Indices<J...>) {
  constexpr int kQuarter = kWidth / 2;
  return __builtin_shufflevector(a, a, (J / kQuarter == 1 ? J + kQuarter : J / kQuarter == 2 ? J - kQuarter : J)...);
}

// A block of keys, kWidth x kWidth, transposed: a lane is a key. Dimension i stands at place(i).
template <DType type>
struct KeyBlock {
  using Element = float;
  static constexpr int place(int i) { return i; }
  static Vec load(const float* from) { return Vec::load(from); }

  static inline __attribute__((always_inline)) void transpose(const char* const* rows, int64_t first, float* to) {
    Vec v[kWidth];
#pragma GCC unroll 16
    for (int r = 0; r < kWidth; ++r) v[r] = Vec::load(reinterpret_cast<const float*>(rows[r]) + first);
    transpose_steps<1>(v);
#pragma GCC unroll 16
    for (int i = 0; i < kWidth; ++i) v[i].store(to + i * kWidth);
  }
};

template <>
struct KeyBlock<DType::kF16> {
  using Element = uint16_t;
  static constexpr int kVectors = kWidth / 2;
  // A step of the transposition moves a bit of the row's number into the lanes, below the others, and the highest bit of a
  // lane in 128 bits into the vector's number.
  static constexpr int kSteps = kWidth == 16 ? 3 : 2;
  static constexpr int place(int i) { return kWidth == 16 ? i % 8 * 2 + i / 8 : i; }
  static Vec load(const uint16_t* from) { return Vec::load_f16(from); }

  static inline __attribute__((always_inline)) void transpose(const char* const* rows, int64_t first, uint16_t* to) {
    constexpr auto kLanes = Iota<2 * kWidth>();
    Halves v[kVectors];
#pragma GCC unroll 8
    for (int r = 0; r < kVectors; ++r) {
      const int low = kWidth == 4 ? 2 * r : r, high = kWidth == 4 ? 2 * r + 1 : r + kVectors;
      v[r] = join(rows[low] + 2 * first, rows[high] + 2 * first, Iota<kWidth>());
    }
#pragma GCC unroll 4
    for (int step = 0; step < kSteps; ++step) {
      Halves next[kVectors];
#pragma GCC unroll 4
      for (int i = 0; i < kVectors / 2; ++i) {
        next[2 * i] = v[i];
        next[2 * i + 1] = v[i + kVectors / 2];
        interleave(next[2 * i], next[2 * i + 1], kLanes);
      }
#pragma GCC unroll 8
      for (int i = 0; i < kVectors; ++i) v[i] = next[i];
    }
#pragma GCC unroll 8
    for (int i = 0; i < kVectors; ++i) {
      if (kWidth > 4) v[i] = swap_quarters(v[i], kLanes);
      memcpy(to + i * 2 * kWidth, &v[i], sizeof v[i]);
    }
  }
};

// Asks for the memory of a row of one head.
template <DType type>
inline void prefetch_head(const char* row, int64_t head_dim) {
  for (int64_t i = 0; i < dtype_bytes(type, head_dim); i += 64) __builtin_prefetch(row + i);
}

inline void prefetch_rows(const char* const* rows, int64_t byte) {
  for (int r = 0; r < kWidth; ++r) __builtin_prefetch(rows[r] + byte);
}

// score[r][s] = query r . key s for R rows and `count` keys, a multiple of P * kWidth; rows of queries and scores kARow apart.
// Blocks of keys are transposed between the products of those before them: the two keep different parts of a core busy.
template <DType type, int R, int P>
void score_panels(const float* query, const char* const* keys, int64_t count, int64_t head_dim, float* score) {
  using Block = KeyBlock<type>;
  constexpr int64_t kKeys = P * kWidth;
  constexpr int kDims = kWidth / P;
  alignas(4 * kWidth) typename Block::Element blocks[2][P][kWidth * kWidth];
  for (int p = 0; p < P; ++p) Block::transpose(keys + p * kWidth, 0, blocks[0][p]);
  int turn = 0;
  for (int64_t s = 0; s < count; s += kKeys) {
    Vec sum[R][P];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) sum[r][p] = Vec::zero();
    for (int64_t first = 0; first < head_dim; first += kWidth, turn ^= 1) {
      const bool last = first + kWidth == head_dim, more = !last || s + kKeys < count;
      const char* const* next = last ? keys + s + kKeys : keys + s;
      const bool ahead = s + kKeys < count && dtype_bytes(type, first) % 64 == 0;
#pragma GCC unroll 1
      for (int p = 0; p < P; ++p) {
        if (more) Block::transpose(next + p * kWidth, last ? 0 : first + kWidth, blocks[turn ^ 1][p]);
        if (ahead) prefetch_rows(keys + s + kKeys + p * kWidth, dtype_bytes(type, first));
        const float* q = query + first + p * kDims;
        const auto* block = blocks[turn][0] + Block::place(p * kDims) * kWidth;
#pragma GCC unroll 8
        for (int i = 0; i < kDims; ++i) {
          Vec key[P];
#pragma GCC unroll 8
          for (int j = 0; j < P; ++j) key[j] = Block::load(block + (j * kWidth + Block::place(i)) * kWidth);
#pragma GCC unroll 8
          for (int r = 0; r < R; ++r) {
            const Vec x = Vec::broadcast(q[r * kARow + i]);
#pragma GCC unroll 8
            for (int j = 0; j < P; ++j) sum[r][j] = fma(x, key[j], sum[r][j]);
          }
        }
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) sum[r][p].store(score + r * kARow + s + p * kWidth);
  }
}

// The same for any number of keys, with enough sums at once to hide the latency of each. Pointers and scores go on to a multiple
// of kKeysAtOnce.
template <DType type, int R>
void score_rows(const float* query, const char* const* keys, int64_t count, int64_t head_dim, float* score) {
  constexpr int kPanels = R * 4 + 16 <= kRegisters ? 4 : 2;
  constexpr int64_t kKeys = kPanels * kWidth;
  const int64_t rest = count % kKeys, many = rest > kKeys / 2 ? count - rest + kKeys : count - rest;
  if (many > 0) score_panels<type, R, kPanels>(query, keys, many, head_dim, score);
  if (many < count) score_panels<type, R, kPanels / 2>(query, keys + many, kKeys / 2, head_dim, score + many);
}

// sum[r] (+)= weight[r] . values, columns first ... first + C * kWidth, for R rows.
template <DType type, int R, int C>
void add_columns_of_values(const float* weight, const char* const* values, int64_t count, int64_t head_dim, int64_t first, float* to,
                           int64_t to_row, bool add) {
  constexpr int64_t kAhead = 8;
  Vec sum[R][C];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) sum[r][c] = Vec::zero();
  for (int64_t s = 0; s < count; ++s) {
    if (first == 0 && s + kAhead < count) prefetch_head<type>(values[s + kAhead], head_dim);
    Vec w[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) w[r] = Vec::broadcast(weight[r * kARow + s]);
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) {
      const Vec value = load_weights<type>(values[s], first + c * kWidth, kWidth);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) sum[r][c] = fma(w[r], value, sum[r][c]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) {
      float* out = to + r * to_row + first + c * kWidth;
      (add ? sum[r][c] + Vec::load(out) : sum[r][c]).store(out);
    }
}

// The same for all columns.
template <DType type, int R>
void add_rows_of_values(const float* weight, const char* const* values, int64_t count, int64_t head_dim, float* to, int64_t to_row,
                        bool add) {
  constexpr int kColumns = R * 4 + 4 <= kRegisters ? 4 : 2;
  int64_t first = 0;
  for (; first + kColumns * kWidth <= head_dim; first += kColumns * kWidth)
    add_columns_of_values<type, R, kColumns>(weight, values, count, head_dim, first, to, to_row, add);
  for (; first < head_dim; first += 2 * kWidth) add_columns_of_values<type, R, 2>(weight, values, count, head_dim, first, to, to_row, add);
}

// The two for each number of rows, from 1 on.
template <DType type, class Rows = Iota<kMostFewRows>>
struct FewRows;
template <DType type, int... I>
struct FewRows<type, Indices<I...>> {
  using Score = void (*)(const float*, const char* const*, int64_t, int64_t, float*);
  using Add = void (*)(const float*, const char* const*, int64_t, int64_t, float*, int64_t, bool);
  static constexpr Score kScore[] = {score_rows<type, I + 1>...};
  static constexpr Add kAdd[] = {add_rows_of_values<type, I + 1>...};
};

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
