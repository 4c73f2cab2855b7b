#include <cmath>

#include "cuda/launch.cuh"
#include "cuda/math.cuh"
#include "cuda/ops.h"

namespace gpa::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kPairs = 128;  // of a launch: their frequencies travel with it

struct Frequencies {
  float of_pair[kPairs];
};

// Frequency and angle are rounded to f32 as Hugging Face's code does.
Frequencies frequencies(float theta, int64_t head_dim, int64_t begin, int64_t pairs) {
  Frequencies out{};
  for (int64_t i = 0; i < pairs; ++i) {
    const float exponent = static_cast<float>(2 * (begin + i)) / static_cast<float>(head_dim);
    out.of_pair[i] = 1.0f / static_cast<float>(std::pow(static_cast<double>(theta), static_cast<double>(exponent)));
  }
  return out;
}

// A model asks for the same ones at every layer and step.
const Frequencies& kept_frequencies(float theta, int64_t head_dim, int64_t pairs) {
  struct Kept {
    float theta = 0;
    int64_t head_dim = 0;
    Frequencies values;
  };
  thread_local Kept kept;
  if (kept.theta != theta || kept.head_dim != head_dim) kept = {theta, head_dim, frequencies(theta, head_dim, 0, pairs)};
  return kept.values;
}

// A block rotates pairs begin ... begin + pairs - 1 of all heads of one token.
__global__ void __launch_bounds__(kThreads) rope_kernel(RopeArgs a, Frequencies frequencies, int64_t begin, int pairs) {
  __shared__ float2 rotations[kPairs];
  const int64_t token = blockIdx.x, half = a.head_dim / 2;
  for (int i = static_cast<int>(threadIdx.x); i < pairs; i += kThreads) {
    const float angle = __fmul_rn(static_cast<float>(a.positions[token]), frequencies.of_pair[i]);
    float sine, cosine;
    sincosf(angle, &sine, &cosine);
    rotations[i] = make_float2(cosine, sine);
  }
  __syncthreads();
  const int count = static_cast<int>(a.heads) * pairs;
  for (int n = static_cast<int>(threadIdx.x); n < count; n += kThreads) {
    const int i = n % pairs;
    float* x = a.x + (token * a.heads + n / pairs) * a.head_dim + begin + i;
    const float2 rotation = rotations[i];
    const float first = x[0], second = x[half];
    x[0] = first * rotation.x - second * rotation.y;
    x[half] = second * rotation.x + first * rotation.y;
  }
}

}  // namespace

void rope(Queue& queue, const RopeArgs& args) {
  CudaQueue& q = cuda_queue(queue);
  RopeArgs a = args;
  a.positions = q.operand(a.positions);
  const int64_t half = a.head_dim / 2;
  for (int64_t begin = 0; begin < half; begin += kPairs) {
    const int64_t pairs = half - begin < kPairs ? half - begin : kPairs;
    const Frequencies values = begin == 0 ? kept_frequencies(a.theta, a.head_dim, pairs) : frequencies(a.theta, a.head_dim, begin, pairs);
    launch(q, rope_kernel, static_cast<unsigned>(a.tokens), kThreads, 0, a, values, begin, static_cast<int>(pairs));
  }
}

}  // namespace gpa::cuda
