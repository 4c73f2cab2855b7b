// What a GPU can do at most, measured by kernels that do nothing else.
#pragma once

namespace gpa::bench {

struct Limits {
  double copy_bytes = 0;  // read and written per second, of memory far larger than the caches
  double fma_flop = 0;    // f32 multiply-adds on registers per second, each counting as two
};

// On device `index`, in well under a second; `smoke`: of a thousandth of the work, only to see that it runs.
Limits measure_limits(int index, bool smoke);

}  // namespace gpa::bench
