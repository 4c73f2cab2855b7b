// Vectorised elementary functions, f32 to about 1e-7. The polynomials are minimax fits over the stated ranges.
#pragma once
#include "cpu/vec.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

inline Vec horner(Vec, float c) { return Vec::broadcast(c); }
// c + x * (rest...)
template <class... More>
inline Vec horner(Vec x, float c, More... more) {
  return fma(x, horner(x, more...), Vec::broadcast(c));
}

// e^x, relative error <= 1.2e-7; 0 below -104, infinity above 88.73, NaN stays.
inline Vec exp(Vec x) {
  // Beyond these the two factors below give 0 or infinity. The constant comes first so that NaN stays.
  x = min(Vec::broadcast(90.0f), max(Vec::broadcast(-105.0f), x));
  const Rounded n = round_small(x * Vec::broadcast(1.44269504f));
  Vec r = fma(n.value, Vec::broadcast(-0.693359375f), x);  // ln 2 in two parts, the first one short
  r = fma(n.value, Vec::broadcast(2.12194440e-4f), r);
  const Vec p = horner(r, 0.5f, 0.166665733f, 0.0416663624f, 0.00836377684f, 0.00139421609f);
  const Vec e = fma(r * r, p, r) + Vec::broadcast(1.0f);
  return times_power_of_two(e, n);
}

inline Vec sigmoid(Vec x) { return Vec::broadcast(1.0f) / (Vec::broadcast(1.0f) + exp(-x)); }
inline Vec silu(Vec x) { return x / (Vec::broadcast(1.0f) + exp(-x)); }

// Relative error <= 2e-7.
inline Vec tanh(Vec x) {
  const Vec a = abs(x), one = Vec::broadcast(1.0f), u = x * x;
  const Vec p = horner(u, -0.333332628f, 0.133308992f, -0.053692963f, 0.020483302f, -0.00552862044f);
  const Vec small = fma(a * u, p, a);
  const Vec large = one - Vec::broadcast(2.0f) / (exp(a + a) + one);
  return with_sign_of(select_less(a, Vec::broadcast(0.64f), small, large), x);
}

// x/2 (1 + erf(x / sqrt 2)), absolute error <= 1.2e-7 * max(1, x).
// With a = |x| the normal law's tail is Q(a) = e^(-a^2/2) t P(t), t = 1 / (1 + 0.35 a), P fitted for a <= 14.5;
// gelu = max(x, 0) - a Q(a), so that nothing cancels.
inline Vec gelu(Vec x) {
  const Vec a = min(Vec::broadcast(14.5f), abs(x)), one = Vec::broadcast(1.0f);
  const Vec t = one / fma(a, Vec::broadcast(0.35f), one);
  const Vec p = horner(t, 0.139621302f, 0.139863521f, 0.119821198f, 0.105552875f, -0.0232132431f, 0.159320995f,
                       -0.255840153f, 0.14403148f, -0.029157998f);
  const Vec tail = exp(a * a * Vec::broadcast(-0.5f)) * (t * p);
  return max(Vec::zero(), x) - a * tail;
}

// sin(x)^2, absolute error <= 2e-7. The period is pi: x - n pi in [-pi/2, pi/2] needs no quadrants.
inline Vec sin_squared_small(Vec x) {
  const Rounded n = round_small(x * Vec::broadcast(0.318309886f));
  // pi in three parts; the first two have so few bits that n times them is exact even without fma.
  Vec r = fma(n.value, Vec::broadcast(-3.140625f), x);
  r = fma(n.value, Vec::broadcast(-9.67502593994140625e-4f), r);
  r = fma(n.value, Vec::broadcast(-1.509957990978376432e-7f), r);
  const Vec u = r * r;
  const Vec s = fma(r * u, horner(u, -0.166666597f, 0.0083330581f, -0.000198086724f, 2.60316074e-06f), r);
  return s * s;
}

inline Vec sin_squared(Vec x) {
  constexpr float kLimit = 8192.0f;
  if (!(reduce_max(abs(x)) <= kLimit)) [[unlikely]] {
    float lanes[kWidth];
    x.store(lanes);
    for (float& lane : lanes) {
      const double s = __builtin_sin(static_cast<double>(lane));
      lane = static_cast<float>(s * s);
    }
    return Vec::load(lanes);
  }
  return sin_squared_small(x);
}

inline Vec activate(Activation activation, Vec x) {
  switch (activation) {
    case Activation::kNone: return x;
    case Activation::kGelu: return gelu(x);
    case Activation::kRelu: return max(Vec::zero(), x);
    case Activation::kSilu: return silu(x);
    case Activation::kSigmoid: return sigmoid(x);
    case Activation::kTanh: return tanh(x);
  }
  return x;
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
