#include "reference/ops.h"

namespace gpa {

const KernelTable& reference_kernels() {
  static const KernelTable table = {
      .name = "reference",
      .linears = reference::linears,
      .conv1d = reference::conv1d,
      .conv_transpose1d = reference::conv_transpose1d,
      .depthwise_conv1d = reference::depthwise_conv1d,
      .layer_norm = reference::layer_norm,
      .rms_norm = reference::rms_norm,
      .rotate_and_store = reference::rotate_and_store,
      .attention = reference::attention,
      .activate = reference::activate,
      .affine = reference::affine,
      .embed = reference::embed,
      .mean_rows = reference::mean_rows,
      .nearest = reference::nearest,
      .sample = reference::sample,
  };
  return table;
}

}  // namespace gpa
