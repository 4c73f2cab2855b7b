// Weights of a network, looked up in the mapped file by name and checked for shape and type.
#pragma once
#include <string>
#include <utility>

#include "gpa/kernels/types.h"
#include "io/gguf_file.h"

namespace gpa {

// A linear map with its bias (null when it has none).
struct Linear {
  Weight weight;
  const float* bias = nullptr;
};

struct Norm {
  const float* scale = nullptr;
  const float* shift = nullptr;
};

// Names are joined as prefix + "." + name. A missing tensor, another shape or a type the kernels lack is
// Error(MODEL_FORMAT or UNSUPPORTED) naming file, tensor, and what was expected and found. Pointers live as long as the file.
class Weights {
 public:
  Weights(const GgufFile& file, std::string prefix) : file_(file), prefix_(std::move(prefix)) {}

  Weights at(const std::string& name) const { return {file_, join(name)}; }
  Weights at(const std::string& name, int64_t index) const { return at(name + "." + std::to_string(index)); }

  bool has(const std::string& name) const;
  // Any W tensor with `rows` outermost extent and rows * cols elements in all.
  Weight matrix(const std::string& name, int64_t rows, int64_t cols) const;
  // An F32 tensor of exactly `count` elements.
  const float* vector(const std::string& name, int64_t count) const;
  // name.weight [rows, cols] and name.bias [rows].
  Linear linear(const std::string& name, int64_t rows, int64_t cols) const;
  Linear linear_no_bias(const std::string& name, int64_t rows, int64_t cols) const;
  // name.weight and name.bias, both [count].
  Norm norm(const std::string& name, int64_t count) const;
  // The shape of a tensor that must be there, outermost first: for widths that no metadata holds. No extent is above 2^30.
  const std::vector<int64_t>& shape(const std::string& name) const;
  // Rows and columns of a tensor of rank 2 that must be there.
  std::pair<int64_t, int64_t> table(const std::string& name) const;
  const GgufFile& file() const { return file_; }

 private:
  std::string join(const std::string& name) const { return prefix_.empty() ? name : prefix_ + "." + name; }
  const GgufFile& file_;
  std::string prefix_;
};

}  // namespace gpa
