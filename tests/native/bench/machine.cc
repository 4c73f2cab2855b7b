#include "bench/machine.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace gpa::bench {

int threads() {
  const char* text = std::getenv("GPA_BENCH_THREADS");
  return text ? std::max(1, std::atoi(text)) : 2;
}

ThreadPool& pool() {
  static ThreadPool workers(threads());
  return workers;
}

namespace {

// Multiply-adds on 24 registers of 16 (or 8) floats: the most that any product can reach.
constexpr int64_t kPeakSteps = 4'000'000;
#if defined(__x86_64__)
__attribute__((target("avx512f"))) double peak_avx512() {
  __m512 sum[24];
  for (auto& s : sum) s = _mm512_set1_ps(1.0f);
  __m512 a = _mm512_set1_ps(0.999f), b = _mm512_set1_ps(0.001f);
  for (int64_t i = 0; i < kPeakSteps; ++i) {
#pragma GCC unroll 24
    for (auto& s : sum) s = _mm512_fmadd_ps(s, a, b);
    asm volatile("" : "+v"(a), "+v"(b));
  }
  for (int i = 1; i < 24; ++i) sum[0] = _mm512_add_ps(sum[0], sum[i]);
  volatile float keep = sum[0][0];
  static_cast<void>(keep);
  return 24.0 * 16 * 2 * kPeakSteps;
}
__attribute__((target("avx2,fma"))) double peak_avx2() {
  __m256 sum[12];
  for (auto& s : sum) s = _mm256_set1_ps(1.0f);
  __m256 a = _mm256_set1_ps(0.999f), b = _mm256_set1_ps(0.001f);
  for (int64_t i = 0; i < kPeakSteps; ++i) {
#pragma GCC unroll 12
    for (auto& s : sum) s = _mm256_fmadd_ps(s, a, b);
    asm volatile("" : "+x"(a), "+x"(b));
  }
  for (int i = 1; i < 12; ++i) sum[0] = _mm256_add_ps(sum[0], sum[i]);
  volatile float keep = sum[0][0];
  static_cast<void>(keep);
  return 12.0 * 8 * 2 * kPeakSteps;
}
__attribute__((target("avx512f,avx512vnni"))) double peak_vnni() {
  __m512i sum[24];
#pragma GCC unroll 24
  for (auto& s : sum) s = _mm512_set1_epi32(1);
  __m512i a = _mm512_set1_epi8(3), b = _mm512_set1_epi8(1);
  for (int64_t i = 0; i < kPeakSteps; ++i) {
#pragma GCC unroll 24
    for (auto& s : sum) asm("vpdpbusd %2, %1, %0" : "+v"(s) : "v"(a), "v"(b));
  }
#pragma GCC unroll 24
  for (int i = 1; i < 24; ++i) sum[0] = _mm512_add_epi32(sum[0], sum[i]);
  volatile long long keep = sum[0][0];
  static_cast<void>(keep);
  return 24.0 * 64 * 2 * kPeakSteps;
}
#endif

// The fastest of some runs of all threads, in work per second, where work() returns what it did.
double fastest(double (*work)()) {
  double best = 0;
  for (int repeat = 0; repeat < 3; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    pool().run(pool().threads(), [](void* arg, int, int) { (*static_cast<double (**)()>(arg))(); }, &work);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    best = std::max(best, static_cast<double>(pool().threads()) / took.count());
  }
  return best * work();
}

// Bytes per second that all threads read from memory together.
double measure_stream() {
  static const std::vector<int64_t> memory(size_t{512} << 17, 1);  // 512 MB
  double best = 0;
  for (int repeat = 0; repeat < 3; ++repeat) {
    const int parts = pool().threads() * 64;
    const auto start = std::chrono::steady_clock::now();
    pool().run(parts, [](void* arg, int part, int) {
      const size_t count = memory.size() / static_cast<size_t>(*static_cast<int*>(arg)), begin = static_cast<size_t>(part) * count;
      int64_t sum[8] = {};
      for (size_t i = begin; i < begin + count; i += 8)
        for (size_t j = 0; j < 8; ++j) sum[j] += memory[i + j];
      volatile int64_t keep = sum[0] + sum[1] + sum[2] + sum[3] + sum[4] + sum[5] + sum[6] + sum[7];
      static_cast<void>(keep);
    }, const_cast<int*>(&parts));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    best = std::max(best, static_cast<double>(memory.size() * sizeof(int64_t)) / took.count());
  }
  return best;
}

// FLOP/s of all threads on this table's registers; 0 where unknown.
double measure_peak(const std::string& isa) {
  double (*work)() = nullptr;
#if defined(__x86_64__)
  if (isa == "avx512" || isa == "amx") work = peak_avx512;
  if (isa == "avx2" || isa == "avxvnni") work = peak_avx2;
#endif
  if (!work) return 0;
  return fastest(work);
}

// Integer operations per second likewise; 0 where the table has no such instruction, or tiles, which are not measured.
double measure_int8_peak([[maybe_unused]] const std::string& isa) {
#if defined(__x86_64__)
  if (isa == "avx512") return fastest(peak_vnni);
#endif
  return 0;
}

}  // namespace

Limits measure_limits(const std::string& isa) {
  static const double stream = measure_stream();
  return {stream, measure_peak(isa), measure_int8_peak(isa)};
}

void add_to_context(const std::string& isa, const Limits& limits) {
  const auto add = [](const std::string& name, double value) {
    if (value > 0) benchmark::AddCustomContext(name, std::to_string(value * 1e-9));
  };
  static const bool once = (add("stream_GB/s", limits.stream), true);
  static_cast<void>(once);
  add("peak_GFLOP/s_" + isa, limits.flop);
  add("peak_int8_Gop/s_" + isa, limits.int8);
}

}  // namespace gpa::bench
