// How much a piece of work is, by asking the kernels that it calls: a table that counts and passes everything on.
#pragma once
#include "bench/machine.h"
#include "gpa/kernels/kernel_table.h"

namespace gpa::bench {

struct Work {
  double flop = 0;   // of products in f32, a multiply-add counting as two
  double int8 = 0;   // of products of int8
  double bytes = 0;  // of weights, codebooks, keys and values, once a call

  // The least seconds that the machine needs for it: its arithmetic or its reading, whatever takes longer. 0: unknown.
  double least_seconds(const Limits& limits) const;
};

// A table like `kernels` that adds to work(). One at a time.
const KernelTable& counting(const KernelTable& kernels);
Work& work();

}  // namespace gpa::bench
