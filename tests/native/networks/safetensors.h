// A reader of safetensors files, for tests only: the whole file in memory, F32 and I32.
// Source of the format: huggingface/safetensors, README.
#pragma once
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace gpa::test {

struct StoredTensor {
  std::string type;            // "F32", "I32", ...
  std::vector<int64_t> shape;  // outermost first
  std::vector<char> bytes;

  int64_t count() const {
    int64_t n = 1;
    for (int64_t extent : shape) n *= extent;
    return n;
  }
  // Extents as rows x cols: a vector is one row.
  int64_t cols() const { return shape.empty() ? 1 : shape.back(); }
  int64_t rows() const { return cols() == 0 ? 0 : count() / cols(); }

  std::vector<float> floats() const { return values<float>("F32"); }
  std::vector<int32_t> ints() const { return values<int32_t>("I32"); }

 private:
  template <typename T>
  std::vector<T> values(const char* wanted) const {
    if (type != wanted) throw std::runtime_error("tensor of type " + type + ", expected " + wanted);
    std::vector<T> out(static_cast<size_t>(count()));
    std::memcpy(out.data(), bytes.data(), out.size() * sizeof(T));
    return out;
  }
};

class Safetensors {
 public:
  explicit Safetensors(const std::string& path) : path_(path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error(path + ": cannot be opened");
    const std::vector<char> data((std::istreambuf_iterator<char>(in)), {});
    uint64_t header_bytes = 0;
    if (data.size() < 8) throw std::runtime_error(path + ": too short");
    std::memcpy(&header_bytes, data.data(), 8);
    if (header_bytes > data.size() - 8) throw std::runtime_error(path + ": header runs over the end");
    const char* begin = data.data() + 8 + header_bytes;
    const auto header = nlohmann::json::parse(data.data() + 8, begin);
    for (const auto& [name, entry] : header.items()) {
      if (name == "__metadata__") continue;
      const auto first = entry.at("data_offsets").at(0).get<size_t>(), last = entry.at("data_offsets").at(1).get<size_t>();
      if (first > last || last > data.size() - 8 - header_bytes) throw std::runtime_error(path + ": " + name + " runs over the end");
      tensors_[name] = {entry.at("dtype"), entry.at("shape").get<std::vector<int64_t>>(), {begin + first, begin + last}};
    }
  }

  bool has(const std::string& name) const { return tensors_.count(name) != 0; }
  const StoredTensor& at(const std::string& name) const {
    const auto it = tensors_.find(name);
    if (it == tensors_.end()) throw std::runtime_error(path_ + ": no tensor " + name);
    return it->second;
  }
  const std::map<std::string, StoredTensor>& tensors() const { return tensors_; }

 private:
  std::string path_;
  std::map<std::string, StoredTensor> tensors_;
};

}  // namespace gpa::test
