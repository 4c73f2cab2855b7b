#include "cuda/int8_launch.cuh"

namespace gpa::cuda {

template void multiply_int8<DType::kQ5_K>(CudaQueue&, Products&);

}  // namespace gpa::cuda
