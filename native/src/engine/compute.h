// What an engine's networks are computed with.
#pragma once
#include "gpa/kernels/kernel_table.h"

namespace gpa {

struct Compute {
  const KernelTable& kernels;
  int threads;
  Rounding rounding;  // of the audio networks' activations
};

}  // namespace gpa
