#include "cuda/exact_tile.cuh"

namespace gpa::cuda {

template void multiply_exact_tiles<1>(CudaQueue&, Products&, DType);

}  // namespace gpa::cuda
