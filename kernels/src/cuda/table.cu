#include "cuda/device.h"
#include "cuda/ops.h"

namespace gpa::cuda {

const KernelTable& table() {
  static const KernelTable table = {
      .name = "cuda",
      .linears = linears,
      .conv1d = conv1d,
      .conv_transpose1d = conv_transpose1d,
      .depthwise_conv1d = depthwise_conv1d,
      .layer_norm = layer_norm,
      .rms_norm = rms_norm,
      .rotate_and_store = rotate_and_store,
      .attention = attention,
      .activate = activate,
      .affine = affine,
      .embed = embed,
      .mean_rows = mean_rows,
      .nearest = nearest,
      .sample = sample,
  };
  return table;
}

}  // namespace gpa::cuda
