#include "cuda/dequantize.cuh"
#include "cuda/launch.cuh"
#include "cuda/math.cuh"
#include "cuda/ops.h"
#include "cuda/vector.cuh"

namespace gpa::cuda {
namespace {

constexpr int kThreads = 128;

// A block decodes one row of the table.
template <DType kType>
__global__ void __launch_bounds__(kThreads) embed_kernel(EmbedArgs a, int64_t row_bytes) {
  const int64_t cols = a.table.cols, eights = cols / 8;
  const void* row = static_cast<const char*>(a.table.data) + a.ids[blockIdx.x] * row_bytes;
  float* y = a.y + blockIdx.x * cols;
  const bool aligned = reinterpret_cast<uintptr_t>(y) % 16 == 0;
  for (int64_t i = threadIdx.x; i < eights; i += kThreads) {
    float values[8];
    decode_eight<kType>(row, i * 8, values);
    if (aligned) {
      store_4<true>(y + i * 8, 4, make_float4(values[0], values[1], values[2], values[3]));
      store_4<true>(y + i * 8 + 4, 4, make_float4(values[4], values[5], values[6], values[7]));
    } else {
      for (int j = 0; j < 8; ++j) y[i * 8 + j] = values[j];
    }
  }
  if constexpr (!dtype_quantized(kType))
    for (int64_t i = eights * 8 + threadIdx.x; i < cols; i += kThreads) y[i] = element<kType>(row, i);
}

}  // namespace

void embed(Queue& queue, const EmbedArgs& args) {
  CudaQueue& q = cuda_queue(queue);
  EmbedArgs a = args;
  a.table.data = q.operand(a.table.data);
  a.ids = q.operand(a.ids);
  with_type(a.table.type, [&]<DType kType>() {
    launch(q, embed_kernel<kType>, static_cast<unsigned>(a.count), kThreads, 0, a, dtype_bytes(kType, a.table.cols));
  });
}

}  // namespace gpa::cuda
