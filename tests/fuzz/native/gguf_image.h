// A GGUF file in parts that can be changed one by one. Its bytes are well-formed as far as the parts are.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gpa::fuzz {

// The same text for the rest of the process: an image is copied for every input, and its names are not.
std::string_view interned(const std::string& text);

struct ImageValue {
  std::string_view key;              // interned
  int32_t type;                      // GGUF value type
  int32_t element_type;              // of an array; otherwise equal to type
  std::vector<double> numbers = {};  // one, or an array's elements
  std::vector<std::string> strings = {};
};

// Extents, outermost first; also more of them than GGUF knows.
struct ImageShape {
  static constexpr size_t kMaxRank = 6;
  uint64_t extents[kMaxRank] = {};
  size_t rank = 0;

  ImageShape(std::initializer_list<uint64_t> list);
  void drop_first();
  void insert_first(uint64_t extent);  // nothing at kMaxRank
};

struct ImageTensor {
  std::string_view name;                   // interned
  int32_t type;                            // GGUF tensor type
  ImageShape shape;
  std::optional<uint64_t> offset = {};     // in place of the true one
  std::vector<std::pair<uint32_t, uint32_t>> words = {};  // data words (index, bits) that differ from the usual content
};

struct GgufImage {
  std::vector<ImageValue> values;
  std::vector<ImageTensor> tensors;
  uint32_t alignment = 64;  // of the layout; the metadata may say otherwise

  ImageValue* find(std::string_view key);  // null when absent
  ImageTensor* find_tensor(std::string_view name);
  // The file. A tensor's data is small numbers of its type, at most kMaxDataBytes of them.
  std::string bytes() const;

  static constexpr uint64_t kMaxDataBytes = 1 << 18;
};

}  // namespace gpa::fuzz
