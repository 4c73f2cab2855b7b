// Fourier transform of real signals of any length.
#pragma once
#include <complex>
#include <cstdint>
#include <vector>

namespace gpa {

// Mixed radix (any prime factors; large ones cost quadratically), in double precision. Immutable: threads may share it.
// Source: Cooley & Tukey 1965; two real samples are packed in one complex one where n is even.
class RealFft {
 public:
  // n >= 1.
  explicit RealFft(int64_t n);

  int64_t size() const { return n_; }
  int64_t bins() const { return n_ / 2 + 1; }
  // Complex numbers that forward() needs as scratch.
  int64_t scratch_size() const { return 2 * complex_n_ + max_factor_; }

  // out[k] = sum_t in[t] exp(-2 pi i k t / n), k in [0, bins()).  in [n], scratch [scratch_size()]; no overlap.
  void forward(const double* in, std::complex<double>* out, std::complex<double>* scratch) const;

 private:
  void transform(const std::complex<double>* in, int64_t stride, int64_t n, size_t factor, std::complex<double>* out,
                 std::complex<double>* temp) const;

  int64_t n_, complex_n_, max_factor_ = 1;
  std::vector<int64_t> factors_;                // of complex_n_
  std::vector<std::complex<double>> roots_;     // exp(-2 pi i k / complex_n_)
  std::vector<std::complex<double>> half_roots_;  // exp(-2 pi i k / n), where packed
};

}  // namespace gpa
