#include "io/gguf_reader.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "error.h"
#include "io/gguf_types.h"

namespace gpa {
namespace {

static_assert(std::endian::native == std::endian::little, "GGUF files are mapped as they are: little-endian machines only");

// Bounds on memory: what is kept of one entry is bigger than the entry can be in the file.
constexpr uint64_t kMaxEntries = 1 << 16;
constexpr uint64_t kMaxElements = uint64_t{1} << 24;
constexpr uint64_t kMaxNameBytes = 1 << 16;
constexpr int64_t kMaxAlignment = 1 << 16;

// Bytes of a scalar value of that type; 0 for strings, arrays and unknown types.
uint64_t scalar_bytes(int32_t type) {
  switch (type) {
    case kGgufU8: case kGgufI8: case kGgufBool: return 1;
    case kGgufU16: case kGgufI16: return 2;
    case kGgufU32: case kGgufI32: case kGgufF32: return 4;
    case kGgufU64: case kGgufI64: case kGgufF64: return 8;
    default: return 0;
  }
}

template <class T>
T load(const unsigned char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

double scalar_value(int32_t type, const unsigned char* bytes) {
  switch (type) {
    case kGgufU8: case kGgufBool: return load<uint8_t>(bytes);
    case kGgufI8: return load<int8_t>(bytes);
    case kGgufU16: return load<uint16_t>(bytes);
    case kGgufI16: return load<int16_t>(bytes);
    case kGgufU32: return load<uint32_t>(bytes);
    case kGgufI32: return load<int32_t>(bytes);
    case kGgufF32: return load<float>(bytes);
    case kGgufU64: return static_cast<double>(load<uint64_t>(bytes));
    case kGgufI64: return static_cast<double>(load<int64_t>(bytes));
    default: return load<double>(bytes);
  }
}

}  // namespace

std::string quoted(std::string_view name) {
  constexpr size_t kShown = 80;
  std::string out = "'";
  for (char c : name.substr(0, kShown)) out += c >= 0x20 && c < 0x7f ? c : '?';
  return out + (name.size() > kShown ? "...'" : "'");
}

void GgufReader::refuse(const std::string& what) const {
  throw Error(GPA_ERROR_MODEL_FORMAT, file_.path_ + ": " + what);
}

const unsigned char* GgufReader::take(uint64_t bytes, const char* what) {
  if (bytes > file_.size_ - position_) {
    refuse(std::string(what) + " at byte " + std::to_string(position_) + " needs " + std::to_string(bytes) +
           " bytes, the file has " + std::to_string(file_.size_ - position_) + " left");
  }
  const unsigned char* at = file_.map_ + position_;
  position_ += bytes;
  return at;
}

template <class T>
T GgufReader::word(const char* what) {
  return load<T>(take(sizeof(T), what));
}

std::string_view GgufReader::text(const char* what) {
  const uint64_t length = word<uint64_t>(what);
  return {reinterpret_cast<const char*>(take(length, what)), static_cast<size_t>(length)};
}

std::string GgufReader::name(const char* what) {
  const std::string_view read = text(what);
  if (read.empty() || read.size() >= kMaxNameBytes) {
    refuse(std::string(what) + " of " + std::to_string(read.size()) + " bytes");
  }
  for (unsigned char c : read) {
    if (c < 0x20 || c == 0x7f) refuse(std::string(what) + " " + quoted(read) + " holds a control character");
  }
  return std::string(read);
}

void GgufReader::read_all() {
  if (file_.size_ < 4 || std::memcmp(file_.map_, "GGUF", 4) != 0) refuse("not a GGUF file (magic is missing)");
  position_ = 4;
  const uint32_t version = word<uint32_t>("version");
  if (version != 2 && version != 3) refuse("GGUF version " + std::to_string(version) + "; 2 and 3 are known");
  const uint64_t tensor_count = word<uint64_t>("tensor count");
  const uint64_t value_count = word<uint64_t>("metadata count");
  // The smallest tensor entry takes 33 bytes (name of one byte), the smallest metadata entry 14.
  const uint64_t left = file_.size_ - position_;
  if (tensor_count > kMaxEntries || tensor_count > left / 33) refuse("tensor count " + std::to_string(tensor_count) + " is too large");
  if (value_count > kMaxEntries || value_count > left / 14) refuse("metadata count " + std::to_string(value_count) + " is too large");

  file_.values_.reserve(value_count);
  for (uint64_t i = 0; i < value_count; ++i) read_value();
  for (size_t i = 0; i < file_.values_.size(); ++i) {
    const std::string& key = file_.values_[i].key;
    if (!file_.value_index_.emplace(key, i).second) refuse("metadata key " + quoted(key) + " appears twice");
  }
  file_.tensors_.reserve(tensor_count);
  for (uint64_t i = 0; i < tensor_count; ++i) read_tensor();
  for (size_t i = 0; i < file_.tensors_.size(); ++i) {
    const std::string& tensor = file_.tensors_[i].name;
    if (!file_.tensor_index_.emplace(tensor, i).second) refuse("tensor " + quoted(tensor) + " appears twice");
  }
  place_tensors(alignment());
}

void GgufReader::read_value() {
  GgufValue value;
  value.key = name("metadata key");
  value.type = value.element_type = word<int32_t>("metadata type");
  if (value.type == kGgufArray) {
    read_array(value);
  } else if (value.type == kGgufString) {
    value.strings.push_back(text(value.key.c_str()));
  } else {
    value.numbers.push_back(read_number(value.type, value.key));
  }
  file_.values_.push_back(std::move(value));
}

double GgufReader::read_number(int32_t type, const std::string& key) {
  const uint64_t bytes = scalar_bytes(type);
  if (bytes == 0) refuse("metadata " + quoted(key) + " has the unknown type " + std::to_string(type));
  const double number = scalar_value(type, take(bytes, key.c_str()));
  if (type == kGgufBool && number > 1) refuse("metadata " + quoted(key) + " is a bool that is neither 0 nor 1");
  return number;
}

void GgufReader::read_array(GgufValue& value) {
  value.element_type = word<int32_t>("array type");
  const uint64_t count = word<uint64_t>("array count");
  const bool strings = value.element_type == kGgufString;
  const uint64_t least = strings ? 8 : scalar_bytes(value.element_type);
  if (least == 0) {
    refuse("metadata " + quoted(value.key) + " is an array of the " +
           (value.element_type == kGgufArray ? "unsupported" : "unknown") + " type " + std::to_string(value.element_type));
  }
  if (count > (file_.size_ - position_) / least || count > kMaxElements - elements_) {
    refuse("metadata " + quoted(value.key) + " is an array of " + std::to_string(count) + " elements: too many");
  }
  elements_ += count;
  if (strings) {
    value.strings.reserve(count);
    for (uint64_t i = 0; i < count; ++i) value.strings.push_back(text(value.key.c_str()));
  } else {
    value.numbers.reserve(count);
    for (uint64_t i = 0; i < count; ++i) value.numbers.push_back(read_number(value.element_type, value.key));
  }
}

void GgufReader::read_tensor() {
  GgufTensor tensor;
  tensor.name = name("tensor name");
  const std::string who = "tensor " + quoted(tensor.name);
  const uint32_t rank = word<uint32_t>("tensor rank");
  if (rank < 1 || rank > 4) refuse(who + " has rank " + std::to_string(rank) + "; 1 to 4 are allowed");
  int64_t elements = 1;
  for (uint32_t i = 0; i < rank; ++i) {
    const uint64_t extent = word<uint64_t>("tensor extent");
    if (extent == 0 || extent > uint64_t{1} << 62 || __builtin_mul_overflow(elements, static_cast<int64_t>(extent), &elements)) {
      refuse(who + " has the extent " + std::to_string(extent));
    }
    tensor.shape.insert(tensor.shape.begin(), static_cast<int64_t>(extent));
  }
  tensor.type = word<int32_t>("tensor type");
  const GgufType* type = find_gguf_type(tensor.type);
  if (!type) refuse(who + " has the unknown type " + std::to_string(tensor.type));
  if (tensor.shape.back() % type->block_elements != 0) {
    refuse(who + ": rows of " + std::to_string(tensor.shape.back()) + " elements are no whole blocks of " + type->name);
  }
  if (__builtin_mul_overflow(elements / type->block_elements, type->block_bytes, &tensor.bytes)) {
    refuse(who + " is larger than any file");
  }
  const uint64_t offset = word<uint64_t>("tensor offset");
  if (offset > file_.size_ || static_cast<uint64_t>(tensor.bytes) > file_.size_ - offset) {
    refuse(who + ": " + std::to_string(tensor.bytes) + " bytes at offset " + std::to_string(offset) + " end behind the file");
  }
  tensor.offset = static_cast<int64_t>(offset);  // from the data's begin until place_tensors()
  file_.tensors_.push_back(std::move(tensor));
}

int64_t GgufReader::alignment() const {
  const GgufValue* value = file_.find_value("general.alignment");
  if (!value) return 32;
  if (value->type != kGgufU32) refuse("metadata 'general.alignment' is no u32");
  const auto alignment = static_cast<int64_t>(value->numbers[0]);
  if (alignment < 8 || alignment > kMaxAlignment || !std::has_single_bit(static_cast<uint64_t>(alignment))) {
    refuse("metadata 'general.alignment' is " + std::to_string(alignment) + ": no power of two from 8 to 65536");
  }
  return alignment;
}

void GgufReader::place_tensors(int64_t alignment) {
  const auto size = static_cast<int64_t>(file_.size_);
  const auto head = static_cast<int64_t>(position_);
  const int64_t begin = (head + alignment - 1) / alignment * alignment;
  for (GgufTensor& tensor : file_.tensors_) {
    if (tensor.offset % alignment != 0) {
      refuse("tensor " + quoted(tensor.name) + ": offset " + std::to_string(tensor.offset) + " is no multiple of " + std::to_string(alignment));
    }
    tensor.offset += begin;
    if (tensor.offset > size || tensor.bytes > size - tensor.offset) {
      refuse("tensor " + quoted(tensor.name) + " ends behind the file (truncated?): it needs " +
             std::to_string(tensor.offset + tensor.bytes) + " bytes, the file has " + std::to_string(size));
    }
    tensor.data = file_.map_ + tensor.offset;
  }
  std::vector<size_t> order(file_.tensors_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return file_.tensors_[a].offset < file_.tensors_[b].offset; });
  int64_t end = order.empty() ? head : begin;
  for (size_t i = 0; i < order.size(); ++i) {
    const GgufTensor& tensor = file_.tensors_[order[i]];
    if (tensor.offset < end) {
      refuse("tensor " + quoted(tensor.name) + " overlaps " + quoted(file_.tensors_[order[i - 1]].name));
    }
    end = tensor.offset + tensor.bytes;
  }
  const int64_t padded = (end + alignment - 1) / alignment * alignment;
  if (size > padded) refuse(std::to_string(size - padded) + " bytes follow the last tensor: the file is overlong");
}

}  // namespace gpa
