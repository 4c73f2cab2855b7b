#include "gguf_image.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include "io/gguf_types.h"

namespace gpa::fuzz {
namespace {

template <class T>
void put(std::string* out, T value) {
  out->append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_text(std::string* out, std::string_view text) {
  put<uint64_t>(out, text.size());
  out->append(text);
}

// Any double as an integer of T; what does not fit becomes T's nearest end.
template <class T>
T whole(double number) {
  if (!(number > static_cast<double>(std::numeric_limits<T>::min()))) return std::numeric_limits<T>::min();
  if (number >= static_cast<double>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
  return static_cast<T>(number);
}

void put_number(std::string* out, int32_t type, double number) {
  switch (type) {
    case kGgufU8: case kGgufBool: return put(out, whole<uint8_t>(number));
    case kGgufI8: return put(out, whole<int8_t>(number));
    case kGgufU16: return put(out, whole<uint16_t>(number));
    case kGgufI16: return put(out, whole<int16_t>(number));
    case kGgufU32: return put(out, whole<uint32_t>(number));
    case kGgufI32: return put(out, whole<int32_t>(number));
    case kGgufF32: return put(out, std::isfinite(number) && std::fabs(number) > 3e38 ? 3e38f : static_cast<float>(number));
    case kGgufU64: return put(out, whole<uint64_t>(number));
    case kGgufI64: return put(out, whole<int64_t>(number));
    default: return put(out, number);
  }
}

void put_value(std::string* out, const ImageValue& value) {
  put_text(out, value.key);
  put<int32_t>(out, value.type);
  const bool array = value.type == kGgufArray;
  const bool text = value.element_type == kGgufString;
  if (array) {
    put<int32_t>(out, value.element_type);
    put<uint64_t>(out, text ? value.strings.size() : value.numbers.size());
  }
  if (text) {
    for (size_t i = 0; i < (array ? value.strings.size() : 1); ++i) put_text(out, i < value.strings.size() ? value.strings[i] : "");
  } else {
    for (size_t i = 0; i < (array ? value.numbers.size() : 1); ++i) {
      put_number(out, value.element_type, i < value.numbers.size() ? value.numbers[i] : 0);
    }
  }
}

// Bytes of a tensor, or kMaxDataBytes where they are more or cannot be told.
uint64_t data_bytes(const ImageTensor& tensor) {
  const GgufType* type = find_gguf_type(tensor.type);
  if (!type) return 64;
  uint64_t elements = 1;
  for (size_t i = 0; i < tensor.shape.rank; ++i) {
    const uint64_t extent = tensor.shape.extents[i];
    if (extent == 0) return 0;
    if (extent > GgufImage::kMaxDataBytes || (elements *= extent) > GgufImage::kMaxDataBytes) return GgufImage::kMaxDataBytes;
  }
  return std::min<uint64_t>(GgufImage::kMaxDataBytes, elements / static_cast<uint64_t>(type->block_elements) * static_cast<uint64_t>(type->block_bytes));
}

// Numbers in [-0.5, 0.5): as floats, or as words whose halves are such numbers in half precision and in bfloat16 alike small.
const std::string& pool(bool halves) {
  static const auto make = [](bool half) {
    std::string out;
    uint32_t state = 1;
    while (out.size() < GgufImage::kMaxDataBytes) {
      state = state * 1664525u + 1013904223u;
      if (half) {
        put<uint16_t>(&out, static_cast<uint16_t>((state >> 16 & 0x83ff) | 0x3000));
      } else {
        put<float>(&out, static_cast<float>(state >> 8) / 16777216.0f - 0.5f);
      }
    }
    return out;
  };
  static const std::string kFloats = make(false), kHalves = make(true);
  return halves ? kHalves : kFloats;
}

}  // namespace

std::string_view interned(const std::string& text) {
  static std::set<std::string> texts;
  return *texts.insert(text).first;
}

ImageShape::ImageShape(std::initializer_list<uint64_t> list) : rank(list.size()) { std::copy(list.begin(), list.end(), extents); }

void ImageShape::drop_first() {
  std::copy(extents + 1, extents + rank, extents);
  --rank;
}

void ImageShape::insert_first(uint64_t extent) {
  if (rank == kMaxRank) return;
  std::copy_backward(extents, extents + rank, extents + rank + 1);
  extents[0] = extent;
  ++rank;
}

ImageValue* GgufImage::find(std::string_view key) {
  for (ImageValue& value : values) {
    if (value.key == key) return &value;
  }
  return nullptr;
}

ImageTensor* GgufImage::find_tensor(std::string_view name) {
  for (ImageTensor& tensor : tensors) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

std::string GgufImage::bytes() const {
  std::string out = "GGUF";
  put<uint32_t>(&out, 3);
  put<uint64_t>(&out, tensors.size());
  put<uint64_t>(&out, values.size());
  for (const ImageValue& value : values) put_value(&out, value);
  std::string data;
  for (const ImageTensor& tensor : tensors) {
    data.resize((data.size() + alignment - 1) / alignment * alignment);
    put_text(&out, tensor.name);
    put<uint32_t>(&out, static_cast<uint32_t>(tensor.shape.rank));
    for (size_t i = tensor.shape.rank; i > 0; --i) put<uint64_t>(&out, tensor.shape.extents[i - 1]);
    put<int32_t>(&out, tensor.type);
    put<uint64_t>(&out, tensor.offset.value_or(data.size()));
    const size_t begin = data.size();
    data.append(pool(tensor.type != 0), 0, data_bytes(tensor));
    for (const auto& [index, bits] : tensor.words) {
      const size_t at = begin + size_t{4} * index;
      if (at + 4 <= data.size()) std::memcpy(data.data() + at, &bits, 4);
    }
  }
  out.resize((out.size() + alignment - 1) / alignment * alignment);
  return out + data;
}

}  // namespace gpa::fuzz
