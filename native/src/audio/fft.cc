#include "audio/fft.h"

#include <algorithm>
#include <cmath>

namespace gpa {
namespace {

using Complex = std::complex<double>;

// Without the NaN handling of operator*, which costs more than the product.
inline Complex multiply(Complex a, Complex b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

std::vector<Complex> roots_of_unity(int64_t n, int64_t count) {
  std::vector<Complex> roots(static_cast<size_t>(count));
  for (int64_t k = 0; k < count; ++k) {
    const double angle = -2.0 * M_PI * static_cast<double>(k) / static_cast<double>(n);
    roots[k] = {std::cos(angle), std::sin(angle)};
  }
  return roots;
}

std::vector<int64_t> factorize(int64_t n) {
  std::vector<int64_t> factors;
  for (; n % 4 == 0; n /= 4) factors.push_back(4);
  for (int64_t p = 2; p * p <= n; ++p) {
    for (; n % p == 0; n /= p) factors.push_back(p);
  }
  if (n > 1) factors.push_back(n);
  return factors;
}

inline void butterfly2(Complex* t) {
  const Complex a = t[0], b = t[1];
  t[0] = a + b;
  t[1] = a - b;
}

inline void butterfly4(Complex* t) {
  const Complex sum02 = t[0] + t[2], difference02 = t[0] - t[2], sum13 = t[1] + t[3], difference13 = t[1] - t[3];
  const Complex turned = {difference13.imag(), -difference13.real()};  // times -i
  t[0] = sum02 + sum13;
  t[1] = difference02 + turned;
  t[2] = sum02 - sum13;
  t[3] = difference02 - turned;
}

}  // namespace

RealFft::RealFft(int64_t n) : n_(n), complex_n_(n % 2 == 0 ? n / 2 : n), factors_(factorize(complex_n_)) {
  max_factor_ = std::max<int64_t>(4, factors_.empty() ? 1 : *std::max_element(factors_.begin(), factors_.end()));
  roots_ = roots_of_unity(complex_n_, complex_n_);
  if (complex_n_ != n_) half_roots_ = roots_of_unity(n_, complex_n_ + 1);
}

// out[0..n) = transform of in[0], in[stride], ...; the factors before `factor` are those of stride.
void RealFft::transform(const Complex* in, int64_t stride, int64_t n, size_t factor, Complex* out, Complex* temp) const {
  if (n == 1) {
    out[0] = in[0];
    return;
  }
  const int64_t p = factors_[factor], m = n / p;
  for (int64_t r = 0; r < p; ++r) transform(in + r * stride, stride * p, m, factor + 1, out + r * m, temp);
  for (int64_t k = 0; k < m; ++k) {
    temp[0] = out[k];
    for (int64_t r = 1; r < p; ++r) temp[r] = multiply(out[r * m + k], roots_[r * k * stride]);
    if (p == 2) {
      butterfly2(temp);
      for (int64_t q = 0; q < p; ++q) out[q * m + k] = temp[q];
    } else if (p == 4) {
      butterfly4(temp);
      for (int64_t q = 0; q < p; ++q) out[q * m + k] = temp[q];
    } else {
      const int64_t step = complex_n_ / p;
      for (int64_t q = 0; q < p; ++q) {
        Complex sum = temp[0];
        for (int64_t r = 1; r < p; ++r) sum += multiply(temp[r], roots_[r * q % p * step]);
        out[q * m + k] = sum;
      }
    }
  }
}

void RealFft::forward(const double* in, Complex* out, Complex* scratch) const {
  Complex* packed = scratch;
  Complex* z = scratch + complex_n_;
  Complex* temp = z + complex_n_;
  if (complex_n_ == n_) {
    for (int64_t t = 0; t < n_; ++t) packed[t] = in[t];
    transform(packed, 1, complex_n_, 0, z, temp);
    std::copy(z, z + bins(), out);
    return;
  }
  for (int64_t t = 0; t < complex_n_; ++t) packed[t] = {in[2 * t], in[2 * t + 1]};
  transform(packed, 1, complex_n_, 0, z, temp);
  // z = even + i odd, each the transform of a real signal, hence conjugate-symmetric.
  for (int64_t k = 0; k <= complex_n_; ++k) {
    const Complex a = z[k % complex_n_], b = std::conj(z[(complex_n_ - k) % complex_n_]);
    const Complex even = 0.5 * (a + b), difference = 0.5 * (a - b);
    const Complex odd = {difference.imag(), -difference.real()};
    out[k] = even + multiply(half_roots_[k], odd);
  }
}

}  // namespace gpa
