// Writes GGUF files for tests, well-formed or not.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "io/gguf_types.h"

namespace gpa::test {

// Little-endian words and texts, one after the other.
class Bytes {
 public:
  template <class T>
  Bytes& word(T value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    data_.append(bytes, sizeof value);
    return *this;
  }
  Bytes& u8(uint8_t value) { return word(value); }
  Bytes& u32(uint32_t value) { return word(value); }
  Bytes& u64(uint64_t value) { return word(value); }
  Bytes& raw(std::string_view bytes) {
    data_ += bytes;
    return *this;
  }
  // Length and bytes, as GGUF writes strings.
  Bytes& text(std::string_view text) { return u64(text.size()).raw(text); }
  Bytes& zeros(size_t count) {
    data_.append(count, '\0');
    return *this;
  }
  Bytes& pad(size_t alignment) { return zeros((alignment - data_.size() % alignment) % alignment); }

  // The file's first words. Entries follow: values, then tensors.
  static Bytes head(uint64_t tensors, uint64_t values, uint32_t version = 3) {
    return Bytes().raw("GGUF").u32(version).u64(tensors).u64(values);
  }
  // A metadata entry without its value.
  Bytes& key(std::string_view name, uint32_t type) { return text(name).u32(type); }
  // A tensor entry. Extents innermost first, as they stand in the file.
  Bytes& tensor(std::string_view name, const std::vector<uint64_t>& extents, uint32_t type, uint64_t offset) {
    text(name).u32(static_cast<uint32_t>(extents.size()));
    for (uint64_t extent : extents) u64(extent);
    return u32(type).u64(offset);
  }

  const std::string& data() const { return data_; }
  operator std::string_view() const { return data_; }

 private:
  std::string data_;
};

// A well-formed file of version 3 with alignment 32.
class GgufBuilder {
 public:
  GgufBuilder& value(std::string_view key, uint32_t number) {
    values_.key(key, kGgufU32).u32(number);
    return counted();
  }
  GgufBuilder& value(std::string_view key, float number) {
    values_.key(key, kGgufF32).word(number);
    return counted();
  }
  GgufBuilder& value(std::string_view key, std::string_view text) {
    values_.key(key, kGgufString).text(text);
    return counted();
  }
  GgufBuilder& value(std::string_view key, const std::vector<std::string>& texts) {
    values_.key(key, kGgufArray).u32(kGgufString).u64(texts.size());
    for (const std::string& text : texts) values_.text(text);
    return counted();
  }
  // An f32 tensor. Extents outermost first.
  GgufBuilder& tensor(std::string_view name, const std::vector<uint64_t>& shape, const std::vector<float>& elements) {
    data_.pad(32);
    tensors_.tensor(name, {shape.rbegin(), shape.rend()}, 0, data_.data().size());
    data_.raw({reinterpret_cast<const char*>(elements.data()), elements.size() * sizeof(float)});
    ++tensor_count_;
    return *this;
  }
  Bytes build() const {
    Bytes file = Bytes::head(tensor_count_, value_count_).raw(values_).raw(tensors_).pad(32).raw(data_);
    return file;
  }

 private:
  GgufBuilder& counted() {
    ++value_count_;
    return *this;
  }
  Bytes values_, tensors_, data_;
  uint64_t value_count_ = 0, tensor_count_ = 0;
};

}  // namespace gpa::test
