// A vector of kWidth floats, the only thing that differs between instruction sets. The including .cc defines
//   GPA_ISA_NAMESPACE, and GPA_ISA_AVX512 (with GPA_ISA_AMX or without), GPA_ISA_AVX2 (with GPA_ISA_AVXVNNI or without), GPA_ISA_NEON (with
//   GPA_ISA_I8MM or without), GPA_ISA_WIDE (plain 512-bit vectors, for tests) or none (plain 128-bit vectors, for any machine).
// Everything under cpu/ lives in an unnamed namespace inside that namespace and calls no inline function of another
// header: otherwise the linker could merge two copies of one function and hand AVX-512 code to an AVX2 machine.
#pragma once
#include <stdint.h>
#include <string.h>
#if defined(GPA_ISA_AVX512) || defined(GPA_ISA_AVX2)
#include <immintrin.h>
#elif defined(GPA_ISA_NEON)
#include <arm_neon.h>
#endif

#include "float_bits.h"
#include "gpa/kernels/kernel_table.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

#if defined(GPA_ISA_AVX512)
constexpr int kWidth = 16;
constexpr int kRegisters = 32;
#elif defined(GPA_ISA_AVX2)
constexpr int kWidth = 8;
constexpr int kRegisters = 16;
#elif defined(GPA_ISA_NEON)
constexpr int kWidth = 4;
constexpr int kRegisters = 32;
#elif defined(GPA_ISA_WIDE)
constexpr int kWidth = 16;
constexpr int kRegisters = 32;
#else
constexpr int kWidth = 4;
constexpr int kRegisters = 16;
#endif

using Floats = float __attribute__((vector_size(4 * kWidth)));
using Ints = int32_t __attribute__((vector_size(4 * kWidth)));

template <int... I>
struct Indices {};
#if defined(__clang__)
template <class T, T... I>
using IndicesOf = Indices<I...>;
template <int N>
using Iota = __make_integer_seq<IndicesOf, int, N>;
#else
template <int N>
using Iota = Indices<__integer_pack(N)...>;
#endif

template <class T>
T smaller(T a, T b) {
  return b < a ? b : a;
}
template <class T>
T larger(T a, T b) {
  return a < b ? b : a;
}
constexpr int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
constexpr int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

struct Vec {
  Floats v;

  static Vec broadcast(float x) { return {x - Floats{}}; }
  static Vec zero() { return {Floats{}}; }
  static Vec load(const float* p) {
    Vec r;
    memcpy(&r.v, p, sizeof r.v);
    return r;
  }
  void store(float* p) const { memcpy(p, &v, sizeof v); }

  // The first n (0 <= n <= kWidth) elements; the others are zero. Nothing is read or written past them.
  static Vec load_first(const float* p, int64_t n);
  void store_first(float* p, int64_t n) const;

  // kWidth elements of a 16-bit type.
  static Vec load_f16(const uint16_t* p);
  static Vec load_bf16(const uint16_t* p);
  // Rounded to the nearest, ties to even.
  void store_f16(uint16_t* p) const;
};

inline Vec operator+(Vec a, Vec b) { return {a.v + b.v}; }
inline Vec operator-(Vec a, Vec b) { return {a.v - b.v}; }
inline Vec operator*(Vec a, Vec b) { return {a.v * b.v}; }
inline Vec operator/(Vec a, Vec b) { return {a.v / b.v}; }
inline Vec operator-(Vec a) { return {-a.v}; }

// a > b ? a : b and a < b ? a : b: where one is NaN the result is b.
#if defined(GPA_ISA_AVX512)
inline Vec max(Vec a, Vec b) { return {reinterpret_cast<Floats>(_mm512_maskz_max_ps(0xffff, a.v, b.v))}; }
inline Vec min(Vec a, Vec b) { return {reinterpret_cast<Floats>(_mm512_maskz_min_ps(0xffff, a.v, b.v))}; }
#elif defined(GPA_ISA_AVX2)
inline Vec max(Vec a, Vec b) { return {reinterpret_cast<Floats>(_mm256_max_ps(a.v, b.v))}; }
inline Vec min(Vec a, Vec b) { return {reinterpret_cast<Floats>(_mm256_min_ps(a.v, b.v))}; }
#else
inline Vec max(Vec a, Vec b) { return {a.v > b.v ? a.v : b.v}; }
inline Vec min(Vec a, Vec b) { return {a.v < b.v ? a.v : b.v}; }
#endif

inline Vec select_less(Vec a, Vec b, Vec yes, Vec no) { return {a.v < b.v ? yes.v : no.v}; }

inline Ints bits_of(Vec a) { return reinterpret_cast<Ints>(a.v); }
inline Vec from_bits(Ints bits) { return {reinterpret_cast<Floats>(bits)}; }
inline Vec abs(Vec a) { return from_bits(bits_of(a) & 0x7fffffff); }
inline Vec with_sign_of(Vec magnitude, Vec sign) {
  return from_bits((bits_of(magnitude) & 0x7fffffff) | (bits_of(sign) & INT32_MIN));
}

// The nearest integer, for |x| < 2^22 (half-way cases to even), as float and as int.
struct Rounded {
  Vec value;
  Ints integer;
};
inline Rounded round_small(Vec x) {
  const Vec magic = Vec::broadcast(12582912.0f);  // 1.5 * 2^23: the sum's last bits are the integer
  const Vec shifted = x + magic;
  return {shifted - magic, bits_of(shifted) - 0x4b400000};
}

// 2^n for -126 <= n <= 127.
inline Vec power_of_two(Ints n) { return from_bits((n + 127) << 23); }

// x * 2^n, rounded once, for x between 1/2 and 2 and |n| <= 250.
inline Vec times_power_of_two(Vec x, Rounded n) {
#if defined(GPA_ISA_AVX512)
  return {reinterpret_cast<Floats>(_mm512_maskz_scalef_ps(0xffff, x.v, n.value.v))};
#else
  const Ints half = n.integer >> 1;  // in two steps, so that denormal results are reached
  return x * power_of_two(half) * power_of_two(n.integer - half);
#endif
}

inline Ints load_halves(const uint16_t* p) {
  uint16_t __attribute__((vector_size(2 * kWidth))) halves;
  memcpy(&halves, p, sizeof halves);
  return __builtin_convertvector(halves, Ints);
}
inline Vec Vec::load_bf16(const uint16_t* p) { return from_bits(load_halves(p) << 16); }

#if defined(GPA_ISA_AVX512)

inline __mmask16 first_lanes(int64_t n) { return static_cast<__mmask16>((1u << n) - 1); }
inline Vec fma(Vec a, Vec b, Vec c) { return {reinterpret_cast<Floats>(_mm512_fmadd_ps(a.v, b.v, c.v))}; }
inline Vec Vec::load_first(const float* p, int64_t n) {
  return {reinterpret_cast<Floats>(_mm512_maskz_loadu_ps(first_lanes(n), p))};
}
inline void Vec::store_first(float* p, int64_t n) const { _mm512_mask_storeu_ps(p, first_lanes(n), v); }
inline Vec Vec::load_f16(const uint16_t* p) {
  // The form without a mask warns of an uninitialised value inside GCC 12's own header.
  const __m256i halves = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return {reinterpret_cast<Floats>(_mm512_maskz_cvtph_ps(0xffff, halves))};
}
inline void Vec::store_f16(uint16_t* p) const {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_maskz_cvtps_ph(0xffff, v, _MM_FROUND_TO_NEAREST_INT));
}

#else

inline Vec Vec::load_first(const float* p, int64_t n) {
  Vec r = zero();
  memcpy(&r.v, p, static_cast<size_t>(n) * sizeof(float));
  return r;
}
inline void Vec::store_first(float* p, int64_t n) const { memcpy(p, &v, static_cast<size_t>(n) * sizeof(float)); }

#if defined(GPA_ISA_AVX2)

inline Vec fma(Vec a, Vec b, Vec c) { return {reinterpret_cast<Floats>(_mm256_fmadd_ps(a.v, b.v, c.v))}; }
inline Vec Vec::load_f16(const uint16_t* p) {
  return {reinterpret_cast<Floats>(_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))))};
}
inline void Vec::store_f16(uint16_t* p) const {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}

#elif defined(GPA_ISA_NEON)

inline Vec fma(Vec a, Vec b, Vec c) { return {reinterpret_cast<Floats>(vfmaq_f32(c.v, a.v, b.v))}; }
inline Vec Vec::load_f16(const uint16_t* p) { return {reinterpret_cast<Floats>(vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p))))}; }
inline void Vec::store_f16(uint16_t* p) const { vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32(v))); }

#else

// Fused where the target has it (AArch64), else rounded twice.
inline Vec fma(Vec a, Vec b, Vec c) { return {a.v * b.v + c.v}; }
inline Vec Vec::load_f16(const uint16_t* p) {
  const Ints bits = load_halves(p);
  const Ints rest = bits & 0x7fff;
  // Read as an f32, the shifted bits are the value times 2^-112, denormals included.
  const Ints finite = bits_of(from_bits(rest << 13) * broadcast(0x1p112f));
  const Ints special = (rest << 13) | 0x7f800000;
  return from_bits((rest >= 0x7c00 ? special : finite) | (bits & 0x8000) << 16);
}
inline void Vec::store_f16(uint16_t* p) const {
  for (int i = 0; i < kWidth; ++i) p[i] = f32_to_f16(v[i]);
}

#endif
#endif

// Combines the halves of a vector until four lanes are left.
template <class V, class Combine>
inline auto fold(V a, [[maybe_unused]] Combine combine) {
#if defined(GPA_ISA_AVX512) || defined(GPA_ISA_WIDE)
  const auto eight = combine(__builtin_shufflevector(a, a, 0, 1, 2, 3, 4, 5, 6, 7), __builtin_shufflevector(a, a, 8, 9, 10, 11, 12, 13, 14, 15));
#else
  const auto eight = a;
#endif
#if defined(GPA_ISA_AVX512) || defined(GPA_ISA_AVX2) || defined(GPA_ISA_WIDE)
  return combine(__builtin_shufflevector(eight, eight, 0, 1, 2, 3), __builtin_shufflevector(eight, eight, 4, 5, 6, 7));
#else
  return eight;
#endif
}

inline float reduce_add(Vec a) {
  const auto f = fold(a.v, [](auto x, auto y) { return x + y; });
  return (f[0] + f[2]) + (f[1] + f[3]);
}
template <class V>
inline auto reduce_max_of(V v) {
  auto f = fold(v, [](auto x, auto y) { return x > y ? x : y; });
  const auto halves = __builtin_shufflevector(f, f, 2, 3, 0, 1);
  f = f > halves ? f : halves;
  const auto pairs = __builtin_shufflevector(f, f, 1, 0, 3, 2);
  f = f > pairs ? f : pairs;
  return f[0];
}
inline float reduce_max(Vec a) { return reduce_max_of(a.v); }
inline int32_t reduce_max(Ints a) { return reduce_max_of(a); }

// Any number of elements n <= kWidth of a 16-bit type, the others zero.
inline Vec load_first_half(const uint16_t* p, int64_t n, Vec (*load)(const uint16_t*)) {
  uint16_t lanes[kWidth] = {};
  memcpy(lanes, p, static_cast<size_t>(n) * sizeof(uint16_t));
  return load(lanes);
}
inline void store_first_f16(uint16_t* p, int64_t n, Vec v) {
  uint16_t lanes[kWidth];
  v.store_f16(lanes);
  memcpy(p, lanes, static_cast<size_t>(n) * sizeof(uint16_t));
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
