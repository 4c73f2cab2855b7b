// Any bytes as a GGUF file, through the C interface: opened or refused by a typed error; what opens is read to its last byte.
#include <cstdint>

#include "harness.h"

namespace {

using namespace gpa::fuzz;

volatile double sink;

void read_value(const gpa_file* file, const gpa_file_value& value) {
  gpa_error error{};
  for (int64_t i = 0; i < value.count; ++i) {
    if (value.element_type == 8) {
      const char* text = nullptr;
      int64_t length = 0;
      if (gpa_file_string(file, value.key, i, &text, &length, &error) != GPA_OK) finding("a string that cannot be read");
      for (int64_t c = 0; c < length; ++c) sink = text[c];
    } else {
      double number = 0;
      if (gpa_file_number(file, value.key, i, &number, &error) != GPA_OK) finding("a number that cannot be read");
      sink = number;
    }
  }
}

void read_all(const gpa_file* file) {
  gpa_error error{};
  for (int64_t i = 0; i < gpa_file_value_count(file); ++i) {
    gpa_file_value value{};
    if (gpa_file_value_at(file, i, &value, &error) != GPA_OK) finding("a value that cannot be read");
    read_value(file, value);
  }
  for (int64_t i = 0; i < gpa_file_tensor_count(file); ++i) {
    gpa_file_tensor tensor{};
    if (gpa_file_tensor_at(file, i, &tensor, &error) != GPA_OK) finding("a tensor that cannot be read");
    for (int64_t b = 0; b < tensor.bytes; ++b) sink = static_cast<const unsigned char*>(tensor.data)[b];
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static MemoryFile file;
  file.write({reinterpret_cast<const char*>(data), size});
  gpa_file* opened = nullptr;
  within(limits_for(size), [&] {
    gpa_error error{};
    check_status(gpa_file_open(file.path(), &opened, &error), error, file.path(), {GPA_ERROR_MODEL_FORMAT});
    if (opened) read_all(opened);
    gpa_file_free(opened);
    opened = nullptr;
  });
  return 0;
}
