// What happens to sums before they are stored.
#pragma once
#include "cpu/math.h"
#include "cpu/parallel.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

// y[i] = epilogue(sum[i]) for `count` columns of one row; bias, gamma, residual point at the first of them or are null.
// Which columns come together depends on how the work is cut, so a column must have the same bits in a whole vector and in the
// last one: where a product is added to something it is fused by name, as compilers fuse in some places and not in others.
inline void finish_row(const float* sum, int64_t count, const Epilogue& e, float* y) {
  for_vectors(count, [&](int64_t c, int64_t lanes) {
    Vec v = load_lanes(sum + c, lanes);
    if (e.bias) v = v + load_lanes(e.bias + c, lanes);
    v = activate(e.activation, v);
    if (e.gamma && e.residual)
      v = fma(v, load_lanes(e.gamma + c, lanes), load_lanes(e.residual + c, lanes));
    else if (e.gamma)
      v = v * load_lanes(e.gamma + c, lanes);
    else if (e.residual)
      v = v + load_lanes(e.residual + c, lanes);
    store_lanes(y + c, lanes, v);
  });
}

// The same epilogue for a row and column other than the first.
inline Epilogue shifted(const Epilogue& e, int64_t column, int64_t residual_offset) {
  return {e.bias ? e.bias + column : nullptr, e.activation, e.gamma ? e.gamma + column : nullptr,
          e.residual ? e.residual + residual_offset : nullptr};
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
