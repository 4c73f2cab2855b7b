// Rounds activations to int8 ahead of a product (rounded.cuh).
#pragma once
#include "cuda/queue.h"
#include "cuda/rounded.cuh"

namespace gpa::cuda {

// x [frames, channels], channels a multiple of 32. The result lies in the queue's scratch.
RoundedFrames round_frames(CudaQueue& queue, const float* x, int64_t frames, int channels);

}  // namespace gpa::cuda
