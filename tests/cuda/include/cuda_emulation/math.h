// CUDA's arithmetic functions. The fast ones (__expf ...) are exact here: tolerances of tests must leave room for the GPU's.
#pragma once
#include <cmath>
#include <cstring>

#include "cuda_emulation/types.h"

#define CUDA_EMULATION_MIN_MAX(type)                            \
  inline type min(type a, type b) { return b < a ? b : a; }     \
  inline type max(type a, type b) { return a < b ? b : a; }
CUDA_EMULATION_MIN_MAX(int)
CUDA_EMULATION_MIN_MAX(unsigned)
CUDA_EMULATION_MIN_MAX(long)
CUDA_EMULATION_MIN_MAX(unsigned long)
CUDA_EMULATION_MIN_MAX(long long)
CUDA_EMULATION_MIN_MAX(unsigned long long)
#undef CUDA_EMULATION_MIN_MAX
inline float min(float a, float b) { return fminf(a, b); }
inline float max(float a, float b) { return fmaxf(a, b); }
inline double min(double a, double b) { return fmin(a, b); }
inline double max(double a, double b) { return fmax(a, b); }

inline int __float_as_int(float x) { return __builtin_bit_cast(int, x); }
inline unsigned __float_as_uint(float x) { return __builtin_bit_cast(unsigned, x); }
inline float __int_as_float(int x) { return __builtin_bit_cast(float, x); }
inline float __uint_as_float(unsigned x) { return __builtin_bit_cast(float, x); }
inline long long __double_as_longlong(double x) { return __builtin_bit_cast(long long, x); }
inline double __longlong_as_double(long long x) { return __builtin_bit_cast(double, x); }

inline float __expf(float x) { return expf(x); }
inline float __exp10f(float x) { return powf(10.0f, x); }
inline float __logf(float x) { return logf(x); }
inline float __log2f(float x) { return log2f(x); }
inline float __sinf(float x) { return sinf(x); }
inline float __cosf(float x) { return cosf(x); }
inline float __powf(float x, float y) { return powf(x, y); }
inline float __fdividef(float x, float y) { return x / y; }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline float __frsqrt_rn(float x) { return static_cast<float>(1.0 / sqrt(static_cast<double>(x))); }
inline float rsqrtf(float x) { return static_cast<float>(1.0 / sqrt(static_cast<double>(x))); }
inline double rsqrt(double x) { return 1.0 / sqrt(x); }
inline float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
inline double __fma_rn(double x, double y, double z) { return fma(x, y, z); }
// Never contracted: a volatile value is rounded before it is used.
inline float __fmul_rn(float x, float y) {
  const volatile float product = x * y;
  return product;
}
inline float __fadd_rn(float x, float y) {
  const volatile float first = x;
  return first + y;
}
inline float __fsub_rn(float x, float y) { return __fadd_rn(x, -y); }
inline float __fdiv_rn(float x, float y) { return x / y; }
inline double __dmul_rn(double x, double y) {
  const volatile double product = x * y;
  return product;
}
inline double __dadd_rn(double x, double y) {
  const volatile double first = x;
  return first + y;
}
inline float __saturatef(float x) { return x > 0 ? (x < 1 ? x : 1.0f) : 0.0f; }
inline int __float2int_rn(float x) { return static_cast<int>(nearbyintf(x)); }
inline int __float2int_rz(float x) { return static_cast<int>(x); }
inline unsigned __float2uint_rn(float x) { return static_cast<unsigned>(nearbyintf(x)); }
inline float __int2float_rn(int x) { return static_cast<float>(x); }
inline float __uint2float_rn(unsigned x) { return static_cast<float>(x); }
inline void __sincosf(float x, float* sine, float* cosine) { *sine = sinf(x), *cosine = cosf(x); }

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
inline int __clzll(long long x) { return x == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(x)); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline unsigned __brev(unsigned x) {
  unsigned out = 0;
  for (int i = 0; i < 32; ++i) out |= (x >> i & 1u) << (31 - i);
  return out;
}
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
  return static_cast<unsigned>(((static_cast<uint64_t>(high) << 32 | low) << (shift & 31)) >> 32);
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
  return static_cast<unsigned>((static_cast<uint64_t>(high) << 32 | low) >> (shift & 31));
}
inline int __mulhi(int x, int y) { return static_cast<int>(static_cast<int64_t>(x) * y >> 32); }
inline unsigned __umulhi(unsigned x, unsigned y) { return static_cast<unsigned>(static_cast<uint64_t>(x) * y >> 32); }
inline unsigned __byte_perm(unsigned x, unsigned y, unsigned selector) {
  const uint64_t bytes = static_cast<uint64_t>(y) << 32 | x;
  unsigned out = 0;
  for (int i = 0; i < 4; ++i) {
    const unsigned pick = selector >> 4 * i & 15;
    unsigned byte = static_cast<unsigned>(bytes >> 8 * (pick & 7)) & 255;
    if (pick & 8) byte = byte & 128 ? 255 : 0;
    out |= byte << 8 * i;
  }
  return out;
}
inline int __dp4a(int a, int b, int c) {
  for (int i = 0; i < 4; ++i) c += static_cast<int8_t>(a >> 8 * i) * static_cast<int8_t>(b >> 8 * i);
  return c;
}
inline int __vadd4(int a, int b) {
  unsigned out = 0;
  for (int i = 0; i < 4; ++i) out |= (((static_cast<unsigned>(a) >> 8 * i) + (static_cast<unsigned>(b) >> 8 * i)) & 255u) << 8 * i;
  return static_cast<int>(out);
}
inline int __vsub4(int a, int b) {
  unsigned out = 0;
  for (int i = 0; i < 4; ++i) out |= (((static_cast<unsigned>(a) >> 8 * i) - (static_cast<unsigned>(b) >> 8 * i)) & 255u) << 8 * i;
  return static_cast<int>(out);
}
inline int __vsubss4(int a, int b) {
  unsigned out = 0;
  for (int i = 0; i < 4; ++i) {
    const int d = static_cast<int8_t>(a >> 8 * i) - static_cast<int8_t>(b >> 8 * i);
    out |= (static_cast<unsigned>(d > 127 ? 127 : d < -128 ? -128 : d) & 255u) << 8 * i;
  }
  return static_cast<int>(out);
}

// Loads of 8 and 16 bytes must be aligned, as on the GPU.
namespace cuda_emulation {
[[noreturn]] void kernel_error(const char* what);
template <class T>
const T* aligned(const T* address) {
  if (reinterpret_cast<uintptr_t>(address) % alignof(T) != 0) kernel_error("misaligned access");
  return address;
}
}  // namespace cuda_emulation
template <class T>
T __ldg(const T* address) { return *cuda_emulation::aligned(address); }
template <class T>
T __ldcg(const T* address) { return *cuda_emulation::aligned(address); }
template <class T>
T __ldcs(const T* address) { return *cuda_emulation::aligned(address); }
template <class T>
T __ldlu(const T* address) { return *cuda_emulation::aligned(address); }
template <class T>
void __stcg(T* address, T value) { *const_cast<T*>(cuda_emulation::aligned(address)) = value; }
template <class T>
void __stcs(T* address, T value) { *const_cast<T*>(cuda_emulation::aligned(address)) = value; }
