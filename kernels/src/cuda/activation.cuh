// Activations of products and of elementwise ops.
#pragma once
#include <cuda_runtime.h>

#include "gpa/kernels/kernel_table.h"

namespace gpa::cuda {

__device__ inline float activate(Activation activation, float x) {
  switch (activation) {
    case Activation::kNone: return x;
    case Activation::kGelu: return 0.5f * x * erfcf(-0.70710678f * x);
    case Activation::kRelu: return x < 0 ? 0.0f : x;
    case Activation::kSilu: return x / (1.0f + expf(-x));
    case Activation::kSigmoid: return 1.0f / (1.0f + expf(-x));
    case Activation::kTanh: return tanhf(x);
  }
  return x;
}

}  // namespace gpa::cuda
