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

  // What an error is about: `what` is a literal, `name` comes from the file and is quoted only when there is an error.
  struct Place {
    const char* what;
    std::string_view name = {};
    std::string text() const;
  };

  [[noreturn]] void refuse(const std::string& what) const;
  const unsigned char* take(uint64_t bytes, const Place& place);
  template <class T>
  T word(const Place& place);
  std::string_view text(const Place& place);
  std::string name(const char* what);

  void read_all();
  void read_value();
  void read_array(GgufValue& value);
  void read_numbers(GgufValue& value, uint64_t count);
  void read_strings(GgufValue& value, uint64_t count);
  void read_tensor();
  int64_t alignment() const;
  void place_tensors(int64_t alignment);

  GgufFile& file_;
  uint64_t position_ = 0;
  uint64_t strings_ = 0;  // elements of arrays of strings read so far
};

// A name from a file as it may stand in a message: printable, at most 80 bytes.
std::string quoted(std::string_view name);

}  // namespace gpa
