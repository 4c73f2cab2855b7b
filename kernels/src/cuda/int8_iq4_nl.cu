#include "cuda/int8_launch.cuh"

namespace gpa::cuda {

template void multiply_int8<DType::kIQ4_NL>(CudaQueue&, Products&);

}  // namespace gpa::cuda
