// gpa.h: model files.
#include <algorithm>

#include "api/handles.h"
#include "io/gguf_types.h"

using namespace gpa;

namespace {

const GgufValue& value_of(const gpa_file* file, const char* key) {
  api::require(file, "file");
  api::require(key, "key");
  const GgufValue* value = file->file->find_value(key);
  if (!value) fail(GPA_ERROR_INVALID_ARGUMENT, "%s: there is no metadata '%.100s'", file->file->path().c_str(), key);
  return *value;
}

template <class Elements>
auto element_of(const GgufValue& value, const Elements& elements, int64_t index) {
  if (index < 0 || index >= static_cast<int64_t>(elements.size())) {
    fail(GPA_ERROR_INVALID_ARGUMENT, "metadata '%s' has %zu elements, none at %lld", value.key.c_str(), elements.size(),
         static_cast<long long>(index));
  }
  return elements[static_cast<size_t>(index)];
}

void check_index(int64_t index, size_t count) {
  if (index < 0 || index >= static_cast<int64_t>(count)) {
    fail(GPA_ERROR_INVALID_ARGUMENT, "index is %lld; it must lie in [0, %zu)", static_cast<long long>(index), count);
  }
}

}  // namespace

extern "C" {

gpa_status gpa_file_open(const char* path, gpa_file** file, gpa_error* error) {
  return api::guard(error, [&] {
    api::require(file, "file");
    *file = nullptr;
    api::require(path, "path");
    *file = new gpa_file{GgufFile::open(path)};
  });
}

void gpa_file_free(gpa_file* file) { delete file; }

int64_t gpa_file_value_count(const gpa_file* file) { return file ? static_cast<int64_t>(file->file->values().size()) : 0; }

int64_t gpa_file_tensor_count(const gpa_file* file) { return file ? static_cast<int64_t>(file->file->tensors().size()) : 0; }

gpa_status gpa_file_value_at(const gpa_file* file, int64_t index, gpa_file_value* value, gpa_error* error) {
  return api::guard(error, [&] {
    api::require(file, "file");
    api::require(value, "value");
    check_index(index, file->file->values().size());
    const GgufValue& found = file->file->values()[static_cast<size_t>(index)];
    const size_t count = found.element_type == kGgufString ? found.strings.size() : found.numbers.size();
    *value = {found.key.c_str(), found.type, found.element_type, static_cast<int64_t>(count)};
  });
}

gpa_status gpa_file_tensor_at(const gpa_file* file, int64_t index, gpa_file_tensor* tensor, gpa_error* error) {
  return api::guard(error, [&] {
    api::require(file, "file");
    api::require(tensor, "tensor");
    check_index(index, file->file->tensors().size());
    const GgufTensor& found = file->file->tensors()[static_cast<size_t>(index)];
    *tensor = {found.name.c_str(), found.type, static_cast<int32_t>(found.shape.size()), {1, 1, 1, 1}, found.offset, found.bytes, found.data};
    std::copy(found.shape.begin(), found.shape.end(), tensor->shape);
  });
}

gpa_status gpa_file_number(const gpa_file* file, const char* key, int64_t index, double* number, gpa_error* error) {
  return api::guard(error, [&] {
    const GgufValue& value = value_of(file, key);
    api::require(number, "number");
    if (value.element_type == kGgufString) fail(GPA_ERROR_INVALID_ARGUMENT, "metadata '%.100s' holds no numbers", key);
    *number = element_of(value, value.numbers, index);
  });
}

gpa_status gpa_file_string(const gpa_file* file, const char* key, int64_t index, const char** string, int64_t* length, gpa_error* error) {
  return api::guard(error, [&] {
    const GgufValue& value = value_of(file, key);
    api::require(string, "string");
    api::require(length, "length");
    if (value.element_type != kGgufString) fail(GPA_ERROR_INVALID_ARGUMENT, "metadata '%.100s' holds no strings", key);
    const std::string_view found = element_of(value, value.strings, index);
    *string = found.data();
    *length = static_cast<int64_t>(found.size());
  });
}

}  // extern "C"
