// Reads the head of a mapped GGUF file into a GgufFile. Nothing in the file is trusted.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "io/gguf_file.h"

namespace gpa {

class GgufReader {
 public:
  // Fills values_, tensors_ and their indexes from file.map_. Error(MODEL_FORMAT) names path and field.
  static void read(GgufFile& file) { GgufReader(file).read_all(); }

  static std::shared_ptr<GgufFile> map(const std::string& path);

 private:
  explicit GgufReader(GgufFile& file) : file_(file) {}

  [[noreturn]] void refuse(const std::string& what) const;
  const unsigned char* take(uint64_t bytes, const char* what);
  template <class T>
  T word(const char* what);
  std::string_view text(const char* what);
  std::string name(const char* what);

  void read_all();
  void read_value();
  double read_number(int32_t type, const std::string& key);
  void read_array(GgufValue& value);
  void read_tensor();
  int64_t alignment() const;
  void place_tensors(int64_t alignment);

  GgufFile& file_;
  uint64_t position_ = 0;
  uint64_t elements_ = 0;  // array elements read so far
};

// A name from a file as it may stand in a message: printable, at most 80 bytes.
std::string quoted(std::string_view name);

}  // namespace gpa
