#include "models/weights.h"

#include "error.h"
#include "io/gguf_types.h"

namespace gpa {
namespace {

constexpr int64_t kMaxExtent = int64_t{1} << 30;  // keeps the product of two, or of one and any metadata, from overflowing

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + "]";
}

[[noreturn]] void refuse(const GgufFile& file, const std::string& name, gpa_status code, const std::string& what) {
  throw Error(code, file.path() + ": tensor '" + name + "' " + what);
}

const GgufTensor& require(const GgufFile& file, const std::string& name) {
  const GgufTensor* tensor = file.find_tensor(name);
  if (!tensor) refuse(file, name, GPA_ERROR_MODEL_FORMAT, "is missing");
  tensor->taken = true;
  return *tensor;
}

int64_t element_count(const GgufTensor& tensor) {
  int64_t count = 1;
  for (int64_t extent : tensor.shape) count *= extent;  // checked when the file was read
  return count;
}

constexpr const char* kWeightTypes = "F32, F16, BF16, Q8_0, Q6_K, Q5_K, Q4_K, Q4_0 and IQ4_NL";

const char* type_name(int32_t type) { return find_gguf_type(type)->name; }

}  // namespace

bool Weights::has(const std::string& name) const { return file_.find_tensor(join(name)) != nullptr; }

Weight Weights::matrix(const std::string& name, int64_t rows, int64_t cols) const {
  const std::string full = join(name);
  const GgufTensor& tensor = require(file_, full);
  int64_t expected = 0;
  if (__builtin_mul_overflow(rows, cols, &expected) || tensor.shape[0] != rows || element_count(tensor) != expected) {
    refuse(file_, full, GPA_ERROR_MODEL_FORMAT,
           "has the shape " + shape_text(tensor.shape) + ", expected " + std::to_string(rows) + " rows of " + std::to_string(cols));
  }
  const auto type = static_cast<DType>(tensor.type);
  if (type != DType::kF32 && type != DType::kF16 && type != DType::kBF16 && !dtype_quantized(type)) {
    refuse(file_, full, GPA_ERROR_UNSUPPORTED, std::string("is of type ") + type_name(tensor.type) + "; " + kWeightTypes + " are supported");
  }
  return {tensor.data, type, rows, cols};
}

const float* Weights::vector(const std::string& name, int64_t count) const {
  const std::string full = join(name);
  const GgufTensor& tensor = require(file_, full);
  if (element_count(tensor) != count) {
    refuse(file_, full, GPA_ERROR_MODEL_FORMAT,
           "has the shape " + shape_text(tensor.shape) + ", expected " + std::to_string(count) + " elements");
  }
  if (tensor.type != static_cast<int32_t>(DType::kF32)) {
    refuse(file_, full, GPA_ERROR_UNSUPPORTED, std::string("is of type ") + type_name(tensor.type) + "; it must be F32");
  }
  return static_cast<const float*>(tensor.data);
}

Linear Weights::linear(const std::string& name, int64_t rows, int64_t cols) const {
  return {matrix(name + ".weight", rows, cols), vector(name + ".bias", rows)};
}

Linear Weights::linear_no_bias(const std::string& name, int64_t rows, int64_t cols) const {
  return {matrix(name + ".weight", rows, cols), nullptr};
}

Norm Weights::norm(const std::string& name, int64_t count) const {
  return {vector(name + ".weight", count), vector(name + ".bias", count)};
}

const std::vector<int64_t>& Weights::shape(const std::string& name) const {
  const std::vector<int64_t>& found = require(file_, join(name)).shape;
  for (int64_t extent : found) {
    if (extent > kMaxExtent) refuse(file_, join(name), GPA_ERROR_MODEL_FORMAT, "has the shape " + shape_text(found) + ": too wide");
  }
  return found;
}

std::pair<int64_t, int64_t> Weights::table(const std::string& name) const {
  const std::vector<int64_t>& found = shape(name);
  if (found.size() != 2) refuse(file_, join(name), GPA_ERROR_MODEL_FORMAT, "has the shape " + shape_text(found) + ", expected [rows, columns]");
  return {found[0], found[1]};
}

}  // namespace gpa
