// What this machine can do at most, measured by loops that do nothing else. Threads: GPA_BENCH_THREADS (default 2).
#pragma once
#include <string>

#include "gpa/kernels/thread_pool.h"

namespace gpa::bench {

int threads();
ThreadPool& pool();  // of threads()

// Of all threads together, per second. 0: unknown, or the table has no such instruction.
struct Limits {
  double stream = 0;  // bytes read from memory
  double flop = 0;    // f32 operations on registers, a multiply-add counting as two
  double int8 = 0;    // the same of int8 dot products
};

// Of a table's instructions. Takes about a second; stream is measured once.
Limits measure_limits(const std::string& isa);

// Puts the limits into the benchmark's context, as stream_GB/s, peak_GFLOP/s_ISA and peak_int8_Gop/s_ISA.
void add_to_context(const std::string& isa, const Limits& limits);

}  // namespace gpa::bench
