// The tensor core's arithmetic in bf16.
#include "cuda_emulation/mma.h"

#ifdef __x86_64__
#define GPA_VECTORS __attribute__((target_clones("avx2", "default")))
#else
#define GPA_VECTORS
#endif

namespace cuda_emulation {
namespace {

// How c and 16 exact products are added: all are aligned to the largest and truncated to its 24 bits, their sum is truncated again.
// GPUs keep as many bits or more, add in groups or at once, and truncate or round: their errors are bounded by this one's kind.
// Here for eight columns at once, in loops that compilers turn into vectors.
constexpr int kColumns = 8;
using Columns = float[kColumns];

// Sums of ordinary floats: the largest of each column is in [2^-100, 2^120), as bits in `largest`.
inline void add_aligned(const Columns (&products)[16], const int32_t (&largest)[kColumns], Columns& c) {
  float unit[kColumns], inverse[kColumns];
  int32_t sum[kColumns];
  for (int n = 0; n < kColumns; ++n) {
    const int32_t exponent = (largest[n] >> 23) - 127;
    unit[n] = __builtin_bit_cast(float, (exponent - 23 + 127) << 23);
    inverse[n] = __builtin_bit_cast(float, (23 - exponent + 127) << 23);
    sum[n] = static_cast<int32_t>(c[n] * inverse[n]);
  }
  for (int k = 0; k < 16; ++k)
    for (int n = 0; n < kColumns; ++n) sum[n] += static_cast<int32_t>(products[k][n] * inverse[n]);
  for (int n = 0; n < kColumns; ++n) {
    const int32_t size = sum[n] < 0 ? -sum[n] : sum[n];  // below 17 * 2^24
    int32_t lost = 0;
    for (int bits = 1; bits <= 5; ++bits) lost = size >= 1 << (23 + bits) ? (1 << bits) - 1 : lost;
    c[n] = static_cast<float>(sum[n] < 0 ? -(size & ~lost) : size & ~lost) * unit[n];
  }
}

// What is left: zeros, infinity, NaN, and sums next to them, of which nobody counts bits.
inline float add_plainly(const Columns (&products)[16], int column, float c) {
  double sum = c;
  for (const Columns& product : products) sum += product[column];
  return static_cast<float>(sum);
}

inline void add_products(const float (&a)[16], const Columns (&b)[16], Columns& c) {
  constexpr int32_t kLeast = (127 - 100) << 23, kMost = (127 + 120) << 23;
  Columns products[16];
  int32_t largest[kColumns];
  for (int n = 0; n < kColumns; ++n) largest[n] = __builtin_bit_cast(int32_t, c[n]) & 0x7fffffff;
  for (int k = 0; k < 16; ++k) {
    for (int n = 0; n < kColumns; ++n) {
      products[k][n] = a[k] * b[k][n];
      const int32_t size = __builtin_bit_cast(int32_t, products[k][n]) & 0x7fffffff;
      largest[n] = size > largest[n] ? size : largest[n];
    }
  }
  bool plain[kColumns], any = false;
  for (int n = 0; n < kColumns; ++n) any |= plain[n] = largest[n] < kLeast || largest[n] >= kMost;
  if (!any) return add_aligned(products, largest, c);
  float sums[kColumns];
  for (int n = 0; n < kColumns; ++n) {
    if (!plain[n]) continue;
    sums[n] = add_plainly(products, n, c[n]);
    for (Columns& product : products) product[n] = 0;
    c[n] = 0;
    largest[n] = kLeast;
  }
  add_aligned(products, largest, c);
  for (int n = 0; n < kColumns; ++n) c[n] = plain[n] ? sums[n] : c[n];
}

inline float bf16_half(uint32_t word, int upper) { return __builtin_bit_cast(float, upper ? word & 0xffff0000u : word << 16); }

// Rows that are not there need no time.
inline bool all_zeros(const float (&row)[16]) {
  int32_t bits = 0;
  for (const float value : row) bits |= __builtin_bit_cast(int32_t, value);
  return (bits & 0x7fffffff) == 0;
}
inline bool all_finite(const Columns (&b)[16]) {
  int32_t most = 0;
  for (const Columns& row : b) {
    for (const float value : row) {
      const int32_t size = __builtin_bit_cast(int32_t, value) & 0x7fffffff;
      most = size > most ? size : most;
    }
  }
  return most < 0x7f800000;
}

}  // namespace

GPA_VECTORS void run_mma_bf16(void* const* arguments, unsigned) {
  const auto of = [&](int lane) -> const MmaBf16& { return *static_cast<const MmaBf16*>(arguments[lane]); };
  float a[16][16];
  Columns b[16], c[16];
  for (int lane = 0; lane < 32; ++lane) {
    for (int i = 0; i < 4; ++i) {
      const int row = lane / 4, at = lane % 4 * 2 + i % 2;
      a[row + i / 2 * 8][at] = bf16_half(of(lane).a[i / 2], i % 2);
      a[row + i / 2 * 8][at + 8] = bf16_half(of(lane).a[2 + i / 2], i % 2);
      b[at + i / 2 * 8][row] = bf16_half(of(lane).b[i / 2], i % 2);
      c[row + i / 2 * 8][at] = of(lane).c[i];
    }
  }
  const bool skip = all_finite(b);
  for (int row = 0; row < 16; ++row)
    if (!skip || !all_zeros(a[row])) add_products(a[row], b, c[row]);
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < 4; ++i) of(lane).c[i] = c[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2];
}

}  // namespace cuda_emulation
