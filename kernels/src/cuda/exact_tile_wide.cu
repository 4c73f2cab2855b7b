#include "cuda/exact_tile.cuh"

namespace gpa::cuda {

template void multiply_exact_tiles<2>(CudaQueue&, Products&, DType);

}  // namespace gpa::cuda
