// Rounds activations to int8 ahead of a product (rounded.cuh).
#pragma once
#include "cuda/product.cuh"
#include "cuda/queue.h"
#include "cuda/rounded.cuh"

namespace gpa::cuda {

// The frames of p, after its prologue; its channels are a multiple of 32. The result lies in the queue's scratch.
RoundedFrames round_frames(CudaQueue& queue, const Products& p);

}  // namespace gpa::cuda
