#include "io/gguf_reader.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "error.h"
#include "io/gguf_types.h"

namespace gpa {
namespace {

// Bounds on memory and time: what is kept of one entry is bigger than the entry can be in the file.
constexpr uint64_t kMaxEntries = 1 << 16;
constexpr uint64_t kMaxStrings = uint64_t{1} << 22;
constexpr uint64_t kMaxNameBytes = 1 << 16;
constexpr int64_t kMaxAlignment = 1 << 16;

template <class T>
T load(const unsigned char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

// Whether the bytes are UTF-8: no cut, overlong or surrogate sequence, nothing above U+10FFFF.
bool is_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (length == 0 || length > text.size() - i) return false;
    for (size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
    }
    const auto second = static_cast<unsigned char>(length > 1 ? text[i + 1] : 0);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) {
      return false;
    }
    i += length;
  }
  return true;
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

std::string GgufReader::Place::text() const { return name.empty() ? what : std::string(what) + " " + quoted(name); }

const unsigned char* GgufReader::take(uint64_t bytes, const Place& place) {
  if (bytes > file_.size_ - position_) {
    refuse(place.text() + " at byte " + std::to_string(position_) + " needs " + std::to_string(bytes) + " bytes, the file has " +
           std::to_string(file_.size_ - position_) + " left");
  }
  const unsigned char* at = file_.map_ + position_;
  position_ += bytes;
  return at;
}

template <class T>
T GgufReader::word(const Place& place) {
  return load<T>(take(sizeof(T), place));
}

std::string_view GgufReader::text(const Place& place) {
  const auto length = word<uint64_t>(place);
  return {reinterpret_cast<const char*>(take(length, place)), static_cast<size_t>(length)};
}

std::string GgufReader::name(const char* what) {
  const std::string_view read = text({what});
  if (read.empty() || read.size() >= kMaxNameBytes) {
    refuse(std::string(what) + " of " + std::to_string(read.size()) + " bytes");
  }
  for (unsigned char c : read) {
    if (c < 0x20 || c == 0x7f) refuse(std::string(what) + " " + quoted(read) + " holds a control character");
  }
  if (!is_utf8(read)) refuse(std::string(what) + " " + quoted(read) + " is not UTF-8");
  return std::string(read);
}

void GgufReader::read_all() {
  if (file_.size_ < 4 || std::memcmp(file_.map_, "GGUF", 4) != 0) refuse("not a GGUF file (magic is missing)");
  position_ = 4;
  const uint32_t version = word<uint32_t>({"version"});
  if (version != 2 && version != 3) refuse("GGUF version " + std::to_string(version) + "; 2 and 3 are known");
  const uint64_t tensor_count = word<uint64_t>({"tensor count"});
  const uint64_t value_count = word<uint64_t>({"metadata count"});
  // The smallest tensor entry takes 33 bytes (name of one byte), the smallest metadata entry 14.
  const uint64_t left = file_.size_ - position_;
  if (tensor_count > kMaxEntries || tensor_count > left / 33) refuse("tensor count " + std::to_string(tensor_count) + " is too large");
  if (value_count > kMaxEntries || value_count > left / 14) refuse("metadata count " + std::to_string(value_count) + " is too large");

  for (uint64_t i = 0; i < value_count; ++i) read_value();
  for (size_t i = 0; i < file_.values_.size(); ++i) {
    const std::string& key = file_.values_[i].key;
    if (!file_.value_index_.emplace(key, i).second) refuse("metadata key " + quoted(key) + " appears twice");
  }
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
  const Place who{"metadata", value.key};
  value.type = value.element_type = word<int32_t>(who);
  if (value.type == kGgufArray) {
    read_array(value);
  } else if (value.type == kGgufString) {
    read_strings(value, 1);
  } else if (gguf_scalar_bytes(value.type) == 0) {
    refuse(who.text() + " has the unknown type " + std::to_string(value.type));
  } else {
    read_numbers(value, 1);
  }
  file_.values_.push_back(std::move(value));
}

void GgufReader::read_array(GgufValue& value) {
  const Place who{"metadata", value.key};
  value.element_type = word<int32_t>(who);
  const auto count = word<uint64_t>(who);
  const bool strings = value.element_type == kGgufString;
  const uint64_t least = strings ? 8 : gguf_scalar_bytes(value.element_type);
  if (least == 0) {
    refuse(who.text() + " is an array of the " + (value.element_type == kGgufArray ? "unsupported" : "unknown") + " type " +
           std::to_string(value.element_type));
  }
  if (count > (file_.size_ - position_) / least || (strings && count > kMaxStrings - strings_)) {
    refuse(who.text() + " is an array of " + std::to_string(count) + " elements: too many");
  }
  if (strings) {
    strings_ += count;
    read_strings(value, count);
  } else {
    read_numbers(value, count);
  }
}

void GgufReader::read_numbers(GgufValue& value, uint64_t count) {
  const Place who{"metadata", value.key};
  const unsigned char* data = take(count * gguf_scalar_bytes(value.element_type), who);
  if (value.element_type == kGgufBool && std::any_of(data, data + count, [](unsigned char byte) { return byte > 1; })) {
    refuse(who.text() + " is a bool that is neither 0 nor 1");
  }
  value.numbers = {value.element_type, data, static_cast<size_t>(count)};
}

void GgufReader::read_strings(GgufValue& value, uint64_t count) {
  value.strings.places_.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    value.strings.places_.push_back(file_.map_ + position_);
    text({"metadata", value.key});
  }
}

void GgufReader::read_tensor() {
  GgufTensor tensor;
  tensor.name = name("tensor name");
  const Place who{"tensor", tensor.name};
  const auto rank = word<uint32_t>(who);
  if (rank < 1 || rank > 4) refuse(who.text() + " has rank " + std::to_string(rank) + "; 1 to 4 are allowed");
  int64_t elements = 1;
  tensor.shape.resize(rank);
  for (uint32_t i = 0; i < rank; ++i) {
    const auto extent = word<uint64_t>(who);
    if (extent == 0 || extent > uint64_t{1} << 62 || __builtin_mul_overflow(elements, static_cast<int64_t>(extent), &elements)) {
      refuse(who.text() + " has the extent " + std::to_string(extent));
    }
    tensor.shape[rank - 1 - i] = static_cast<int64_t>(extent);
  }
  tensor.type = word<int32_t>(who);
  const GgufType* type = find_gguf_type(tensor.type);
  if (!type) refuse(who.text() + " has the unknown type " + std::to_string(tensor.type));
  if (tensor.shape.back() % type->block_elements != 0) {
    refuse(who.text() + ": rows of " + std::to_string(tensor.shape.back()) + " elements are no whole blocks of " + type->name);
  }
  if (__builtin_mul_overflow(elements / type->block_elements, type->block_bytes, &tensor.bytes)) {
    refuse(who.text() + " is larger than any file");
  }
  const auto offset = word<uint64_t>(who);
  if (offset > file_.size_ || static_cast<uint64_t>(tensor.bytes) > file_.size_ - offset) {
    refuse(who.text() + ": " + std::to_string(tensor.bytes) + " bytes at offset " + std::to_string(offset) + " end behind the file");
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
