// A memory-mapped GGUF file (versions 2 and 3), checked word by word: hostile files give Error(MODEL_FORMAT), never a crash.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gpa/gpa.h"

namespace gpa {

struct GgufTensor {
  std::string name;             // UTF-8, without control characters
  int32_t type;                 // GGUF type number, also ones that the engine cannot compute with
  std::vector<int64_t> shape;   // outermost first
  int64_t offset;               // from the file's begin
  int64_t bytes;
  const void* data;
  mutable bool taken = false;  // a network asked for it; set while a model is built, by one thread
};

// Numbers as they stand in the mapping, of one of GGUF's scalar types; an array takes no memory of its own.
class GgufNumbers {
 public:
  GgufNumbers() = default;
  GgufNumbers(int32_t type, const unsigned char* data, size_t count) : type_(type), data_(data), count_(count) {}

  size_t size() const { return count_; }
  double operator[](size_t index) const;

 private:
  int32_t type_ = 0;
  const unsigned char* data_ = nullptr;
  size_t count_ = 0;
};

// Strings as they stand in the mapping: each a 64-bit length, checked when the file was read, and its bytes.
class GgufStrings {
 public:
  size_t size() const { return places_.size(); }
  std::string_view operator[](size_t index) const;

 private:
  std::vector<const unsigned char*> places_;  // of the lengths
  friend class GgufReader;
};

struct GgufValue {
  std::string key;       // UTF-8, without control characters
  int32_t type;          // GGUF value type
  int32_t element_type;
  GgufNumbers numbers;   // numeric and bool values or array elements
  GgufStrings strings;   // string values or array elements; any bytes
};

class GgufFile {
 public:
  // Errors: IO, MODEL_FORMAT; messages begin with the path.
  static std::shared_ptr<const GgufFile> open(const std::string& path);
  ~GgufFile();

  const std::string& path() const { return path_; }
  // The mapping, which holds all tensors.
  const void* data() const { return map_; }
  size_t size() const { return size_; }
  // Memory of a part of the mapping that nobody will read soon; who reads it nevertheless has it from the file again.
  void give_back(const void* data, size_t bytes) const;
  const std::vector<GgufValue>& values() const { return values_; }
  const std::vector<GgufTensor>& tensors() const { return tensors_; }
  const GgufValue* find_value(std::string_view key) const;    // null when absent
  const GgufTensor* find_tensor(std::string_view name) const;  // null when absent

  // A required scalar or array; absent or of another kind: Error(MODEL_FORMAT) naming file and key.
  int64_t integer(std::string_view key, int64_t min, int64_t max) const;
  double number(std::string_view key) const;
  float positive(std::string_view key) const;  // finite and above zero, as a float too
  std::string_view string(std::string_view key) const;
  std::vector<int64_t> integers(std::string_view key, int64_t min, int64_t max) const;

 private:
  GgufFile() = default;
  std::string path_;
  const unsigned char* map_ = nullptr;
  size_t size_ = 0;
  std::vector<GgufValue> values_;
  std::vector<GgufTensor> tensors_;
  // Ordered: names that were chosen to collide must not make a hash table slow.
  std::map<std::string_view, size_t> value_index_, tensor_index_;
  friend class GgufReader;
};

}  // namespace gpa
