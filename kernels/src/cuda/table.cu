#include "cuda/device.h"
#include "cuda/ops.h"

namespace gpa::cuda {

const KernelTable& table() {
  static const KernelTable table = {
      .name = "cuda",
      .linears = nullptr,
      .conv1d = nullptr,
      .conv_transpose1d = nullptr,
      .depthwise_conv1d = depthwise_conv1d,
      .layer_norm = layer_norm,
      .rms_norm = rms_norm,
      .rope = rope,
      .attention = nullptr,
      .store_kv = store_kv,
      .snake = snake,
      .gated = gated,
      .activate = activate,
      .affine = affine,
      .embed = embed,
      .mean_rows = mean_rows,
      .nearest = nullptr,
      .sample = sample,
  };
  return table;
}

}  // namespace gpa::cuda
