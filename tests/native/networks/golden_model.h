// What the tests of the networks share: the converted golden checkpoint, a context to run on, and a record of what is traced.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "io/gguf_file.h"
#include "layers/context.h"
#include "networks/safetensors.h"

namespace gpa::test {

inline std::string goldens_path(const std::string& file) { return std::string(GPA_TEST_DATA "/goldens/") + file; }

// The model that GPA_GOLDENS_MODEL names: tests/data/goldens/checkpoint, converted at f32. Throws when the variable is not set.
inline const GgufFile& golden_model() {
  static const std::shared_ptr<const GgufFile> file = [] {
    const char* path = std::getenv("GPA_GOLDENS_MODEL");
    if (!path || !*path) {
      throw std::runtime_error("GPA_GOLDENS_MODEL is not set: convert tests/data/goldens/checkpoint at f32 and name the file there");
    }
    return GgufFile::open(path);
  }();
  return *file;
}

// The same at q4_k_m, which GPA_GOLDENS_QUANTISED names.
inline std::string quantised_golden_path() {
  const char* path = std::getenv("GPA_GOLDENS_QUANTISED");
  if (!path || !*path) throw std::runtime_error("GPA_GOLDENS_QUANTISED is not set: quantise the golden model to q4_k_m and name the file there");
  return path;
}

inline const nlohmann::json& golden_summary() {
  static const nlohmann::json summary = nlohmann::json::parse(std::ifstream(goldens_path("summary.json")));
  return summary;
}

// Results by name; matrices and ids apart.
struct Recording {
  std::map<std::string, std::vector<float>> floats;
  std::map<std::string, std::vector<int32_t>> ints;

  static int32_t record(void* user, const gpa_tensor* tensor) {
    auto* self = static_cast<Recording*>(user);
    const auto count = static_cast<size_t>(tensor->rows * tensor->cols);
    if (tensor->type == GPA_I32) {
      const auto* data = static_cast<const int32_t*>(tensor->data);
      self->ints[tensor->name].assign(data, data + count);
    } else {
      const auto* data = static_cast<const float*>(tensor->data);
      self->floats[tensor->name].assign(data, data + count);
    }
    return 0;
  }
};

// A context on the kernels that GPA_ISA chooses, with two threads.
struct Machine {
  Machine() : pool(2) {
    if (!select_kernels()) throw std::runtime_error("GPA_ISA names kernels that this machine does not have");
  }
  Context context(Recording* recording = nullptr) {
    return {*select_kernels(), pool, arena, Rounding::kNone, recording ? Recording::record : nullptr, recording};
  }
  ThreadPool pool;
  Arena arena{pool};
};

// The matrix of a golden tensor; the tensor's values must outlive it.
inline Matrix view(std::vector<float>& values, const StoredTensor& tensor) { return {values.data(), tensor.rows(), tensor.cols()}; }

// sum (got - want)^2 / sum want^2.
inline double nmse(const std::vector<float>& got, const std::vector<float>& want) {
  double error = 0, power = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    error += (static_cast<double>(got[i]) - want[i]) * (static_cast<double>(got[i]) - want[i]);
    power += static_cast<double>(want[i]) * want[i];
  }
  return error == 0 ? 0 : error / power;
}

}  // namespace gpa::test
