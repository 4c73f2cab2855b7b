// The extents of a linear layer under test, and its name in messages.
#pragma once
#include "kernels/support.h"

namespace gpa::test {

struct Shape {
  int64_t rows, outputs, inputs;
};

inline std::string text(const Shape& s, DType type) {
  return std::string(name_of(type)) + " " + std::to_string(s.rows) + "x" + std::to_string(s.outputs) + "x" + std::to_string(s.inputs);
}

}  // namespace gpa::test
