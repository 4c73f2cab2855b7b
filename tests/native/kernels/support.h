// What the kernel tests share: random data, weights of each type, errors, and one test instance per table and threads.
#pragma once
#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "gpa/kernels/kernel_table.h"

namespace gpa::test {

using Floats = std::vector<float>;

inline Floats random_floats(int64_t count, uint32_t seed, float deviation = 1.0f, float mean = 0.0f) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(mean, deviation);
  Floats out(static_cast<size_t>(count));
  for (float& value : out) value = normal(generator);
  return out;
}

// Weights that own their elements; exactly the same values for every kernel set.
struct Weights {
  std::vector<unsigned char> bytes;
  DType type;
  int64_t rows, cols;

  Weight view() const { return {bytes.data(), type, rows, cols}; }
};

// Blocks of any bits, but for their f16 scales.
inline Weights random_blocks(DType type, int64_t rows, int64_t cols, uint32_t seed) {
  std::mt19937 generator(seed);
  Weights w{std::vector<unsigned char>(static_cast<size_t>(dtype_bytes(type, rows * cols))), type, rows, cols};
  for (unsigned char& byte : w.bytes) byte = static_cast<unsigned char>(generator());
  const Block block = dtype_block(type);
  for (size_t begin = 0; begin < w.bytes.size(); begin += static_cast<size_t>(block.bytes)) {
    for (int64_t i = 0; i < block.scale_count; ++i) {
      const float scale = static_cast<float>(generator() % 1000 + 1) / 1e6f;
      convert_elements(DType::kF32, &scale, DType::kF16, &w.bytes[begin + static_cast<size_t>(block.scale_offset + 2 * i)], 1);
    }
  }
  return w;
}

inline Weights random_weights(DType type, int64_t rows, int64_t cols, uint32_t seed) {
  if (dtype_quantized(type)) return random_blocks(type, rows, cols, seed);
  const Floats values = random_floats(rows * cols, seed, 1.0f / std::sqrt(static_cast<float>(cols)));
  Weights w{std::vector<unsigned char>(static_cast<size_t>(dtype_bytes(type, rows * cols))), type, rows, cols};
  convert_elements(DType::kF32, values.data(), type, w.bytes.data(), rows * cols);
  return w;
}

// sum (got - want)^2 / sum want^2; infinity where a value is not finite in one of them only.
inline double nmse(const Floats& want, const Floats& got) {
  if (want.size() != got.size()) return INFINITY;
  double error = 0, power = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    if (!std::isfinite(got[i])) return INFINITY;
    const double difference = static_cast<double>(got[i]) - want[i];
    error += difference * difference;
    power += static_cast<double>(want[i]) * want[i];
  }
  return power > 0 ? error / power : error;
}

inline double largest_difference(const Floats& want, const Floats& got) {
  double largest = want.size() == got.size() ? 0 : INFINITY;
  for (size_t i = 0; i < want.size(); ++i) {
    const double difference = std::fabs(static_cast<double>(got[i]) - want[i]);
    if (!(difference <= largest)) largest = std::isnan(difference) ? INFINITY : difference;
  }
  return largest;
}

inline const char* name_of(DType type) {
  switch (type) {
    case DType::kF16: return "F16";
    case DType::kBF16: return "BF16";
    case DType::kQ4_0: return "Q4_0";
    case DType::kQ8_0: return "Q8_0";
    case DType::kQ4_K: return "Q4_K";
    case DType::kQ5_K: return "Q5_K";
    case DType::kQ6_K: return "Q6_K";
    case DType::kIQ4_NL: return "IQ4_NL";
    default: return "F32";
  }
}

inline std::vector<std::string> tables() {
  std::vector<std::string> names;
  for (auto* name = available_kernels(); *name; ++name) names.emplace_back(*name);
  return names;
}

constexpr DType kTypes[] = {DType::kF32, DType::kF16, DType::kBF16};
constexpr DType kBlockTypes[] = {DType::kQ8_0, DType::kQ6_K, DType::kQ5_K, DType::kQ4_K, DType::kQ4_0, DType::kIQ4_NL};
constexpr int kThreadCounts[] = {1, 2, 3, 5};

// A test for each table that this machine can run.
class KernelTest : public testing::TestWithParam<std::string> {
 protected:
  const KernelTable& kernels() const { return *find_kernels(GetParam().c_str()); }
  const KernelTable& reference() const { return reference_kernels(); }

  // Runs op(table, pool, out) with the reference and with this table on each number of threads: the error must stay
  // below the bound, and the bits must not depend on the threads. `size` floats come out; they start as NaN.
  template <class Op>
  void compare(int64_t size, double bound, const std::string& what, Op op) const {
    ThreadPool single(1);
    Floats want(static_cast<size_t>(size), NAN), first;
    op(reference(), single, want.data());
    for (int threads : kThreadCounts) {
      ThreadPool pool(threads);
      Floats got(static_cast<size_t>(size), NAN);
      op(kernels(), pool, got.data());
      ASSERT_LE(nmse(want, got), bound) << what << ", " << threads << " threads, largest difference "
                                        << largest_difference(want, got);
      if (first.empty()) first = got;
      ASSERT_EQ(0, std::memcmp(first.data(), got.data(), got.size() * sizeof(float)))
          << what << ": bits differ with " << threads << " threads";
    }
  }
};

inline std::string table_name(const testing::TestParamInfo<std::string>& info) { return info.param; }

}  // namespace gpa::test

#define GPA_FOR_EACH_TABLE(suite) \
  INSTANTIATE_TEST_SUITE_P(Tables, suite, testing::ValuesIn(gpa::test::tables()), gpa::test::table_name)
