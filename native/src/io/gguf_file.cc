#include "io/gguf_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>

#include "error.h"
#include "io/gguf_reader.h"
#include "io/gguf_types.h"

namespace gpa {
namespace {

// Closes a file descriptor; a mapping outlives it.
struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
};

[[noreturn]] void refuse_value(const GgufFile& file, std::string_view key, const char* what) {
  throw Error(GPA_ERROR_MODEL_FORMAT, file.path() + ": metadata " + quoted(key) + " " + what);
}

const GgufValue& require(const GgufFile& file, std::string_view key) {
  const GgufValue* value = file.find_value(key);
  if (!value) refuse_value(file, key, "is missing");
  return *value;
}

int64_t checked_integer(const GgufFile& file, std::string_view key, double number, int64_t min, int64_t max) {
  if (!(number >= static_cast<double>(min) && number <= static_cast<double>(max)) || number != std::floor(number)) {
    char what[128];
    std::snprintf(what, sizeof what, "is %g, not a whole number from %lld to %lld", number, static_cast<long long>(min),
                  static_cast<long long>(max));
    refuse_value(file, key, what);
  }
  return static_cast<int64_t>(number);
}

}  // namespace

double GgufNumbers::operator[](size_t index) const { return gguf_scalar(type_, data_ + index * gguf_scalar_bytes(type_)); }

std::string_view GgufStrings::operator[](size_t index) const {
  const unsigned char* place = places_[index];
  uint64_t length;
  std::memcpy(&length, place, sizeof length);
  return {reinterpret_cast<const char*>(place + sizeof length), static_cast<size_t>(length)};
}

std::shared_ptr<GgufFile> GgufReader::map(const std::string& path) {
  // O_NONBLOCK: a named pipe must not make open() wait.
  const Descriptor descriptor{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (descriptor.fd < 0) fail(GPA_ERROR_IO, "%s: cannot be opened: %s", path.c_str(), std::strerror(errno));
  struct stat info {};
  if (fstat(descriptor.fd, &info) != 0) fail(GPA_ERROR_IO, "%s: %s", path.c_str(), std::strerror(errno));
  if (!S_ISREG(info.st_mode)) fail(GPA_ERROR_IO, "%s: not a regular file", path.c_str());
  std::shared_ptr<GgufFile> file(new GgufFile);
  file->path_ = path;
  if (info.st_size == 0) fail(GPA_ERROR_MODEL_FORMAT, "%s: the file is empty", path.c_str());
  const auto size = static_cast<size_t>(info.st_size);
  void* memory = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor.fd, 0);
  if (memory == MAP_FAILED) fail(GPA_ERROR_IO, "%s: cannot be mapped: %s", path.c_str(), std::strerror(errno));
  file->map_ = static_cast<const unsigned char*>(memory);
  file->size_ = size;
  return file;
}

std::shared_ptr<const GgufFile> GgufFile::open(const std::string& path) {
  std::shared_ptr<GgufFile> file = GgufReader::map(path);
  GgufReader::read(*file);
  return file;
}

GgufFile::~GgufFile() {
  if (map_) munmap(const_cast<unsigned char*>(map_), size_);
}

void GgufFile::give_back(const void* data, size_t bytes) const {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE)), begin = reinterpret_cast<uintptr_t>(data);
  const uintptr_t first = (begin + page - 1) / page * page, last = (begin + bytes) / page * page;
  if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

const GgufValue* GgufFile::find_value(std::string_view key) const {
  const auto found = value_index_.find(key);
  return found == value_index_.end() ? nullptr : &values_[found->second];
}

const GgufTensor* GgufFile::find_tensor(std::string_view name) const {
  const auto found = tensor_index_.find(name);
  return found == tensor_index_.end() ? nullptr : &tensors_[found->second];
}

int64_t GgufFile::integer(std::string_view key, int64_t min, int64_t max) const {
  return checked_integer(*this, key, number(key), min, max);
}

double GgufFile::number(std::string_view key) const {
  const GgufValue& value = require(*this, key);
  if (value.type == kGgufArray || value.type == kGgufString) refuse_value(*this, key, "is no number");
  return value.numbers[0];
}

float GgufFile::positive(std::string_view key) const {
  const double value = number(key);
  if (!(value >= std::numeric_limits<float>::min() && value <= std::numeric_limits<float>::max())) {
    char what[64];
    std::snprintf(what, sizeof what, "is %g; it must be positive", value);
    refuse_value(*this, key, what);
  }
  return static_cast<float>(value);
}

std::string_view GgufFile::string(std::string_view key) const {
  const GgufValue& value = require(*this, key);
  if (value.type != kGgufString) refuse_value(*this, key, "is no string");
  return value.strings[0];
}

std::vector<int64_t> GgufFile::integers(std::string_view key, int64_t min, int64_t max) const {
  const GgufValue& value = require(*this, key);
  if (value.type != kGgufArray || value.element_type == kGgufString) refuse_value(*this, key, "is no array of numbers");
  std::vector<int64_t> out;
  out.reserve(value.numbers.size());
  for (size_t i = 0; i < value.numbers.size(); ++i) out.push_back(checked_integer(*this, key, value.numbers[i], min, max));
  return out;
}

}  // namespace gpa
