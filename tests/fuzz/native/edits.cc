#include "edits.h"

#include <cstring>

#include "io/gguf_types.h"

namespace gpa::fuzz {
namespace {

constexpr size_t kEditBytes = 12, kMaxEdits = 24, kMaxArray = 70000;

struct Edit {
  uint8_t kind, slot;
  uint16_t place;
  int64_t value;
};

constexpr const char* kWords[] = {"", "gpa", "decoder", "glm", "wav2vec2", "codec", "speaker", "qwen2", "qwen3", "llama"};

// Small values as they are, large ones as doubles of those bits: both kinds are wanted, NaN and infinity among them.
double number_of(int64_t value) {
  if (value > -(int64_t{1} << 40) && value < int64_t{1} << 40) return static_cast<double>(value);
  double number;
  std::memcpy(&number, &value, sizeof number);
  return number;
}

void edit_value(GgufImage* image, const Edit& edit) {
  if (image->values.empty()) return;
  ImageValue& value = image->values[edit.place % image->values.size()];
  const auto size = static_cast<uint64_t>(edit.value);
  switch (edit.kind % 6) {
    case 0:
      if (!value.numbers.empty()) value.numbers[edit.slot % value.numbers.size()] = number_of(edit.value);
      break;
    case 1:
      value.type = edit.slot % 14;
      value.element_type = value.type == kGgufArray ? static_cast<int32_t>(size % 14) : value.type;
      break;
    case 2:
      if (value.element_type == kGgufString) {
        value.strings.resize(size % kMaxArray, kWords[edit.slot % std::size(kWords)]);
      } else {
        value.numbers.resize(size % kMaxArray, edit.slot);
      }
      break;
    case 3: image->values.erase(image->values.begin() + edit.place % static_cast<int>(image->values.size())); break;
    case 4:
      if (!value.strings.empty()) value.strings[edit.slot % value.strings.size()] = kWords[size % std::size(kWords)];
      break;
    case 5: image->values.push_back(value); break;
  }
}

void edit_tensor(GgufImage* image, const Edit& edit) {
  if (image->tensors.empty()) return;
  ImageTensor& tensor = image->tensors[edit.place % image->tensors.size()];
  const auto word = static_cast<uint64_t>(edit.value);
  switch (edit.kind % 7) {
    case 0:
      if (tensor.shape.rank > 0) tensor.shape.extents[edit.slot % tensor.shape.rank] = word;
      break;
    case 1:
      if (edit.slot % 2 == 0 && tensor.shape.rank > 0) {
        tensor.shape.drop_first();
      } else {
        tensor.shape.insert_first(word);
      }
      break;
    case 2: tensor.type = edit.slot % 44; break;
    case 3: tensor.name = image->tensors[word % image->tensors.size()].name; break;
    case 4: image->tensors.erase(image->tensors.begin() + edit.place % static_cast<int>(image->tensors.size())); break;
    case 5: tensor.offset = word; break;
    case 6: tensor.words.emplace_back(edit.slot, static_cast<uint32_t>(word)); break;
  }
}

}  // namespace

std::string edited(const GgufImage& model, const uint8_t* data, size_t size) {
  GgufImage image = model;
  std::string raw;  // edits of the finished bytes
  for (size_t i = 0; i < kMaxEdits && size >= kEditBytes; ++i, data += kEditBytes, size -= kEditBytes) {
    Edit edit{data[0], data[1], 0, 0};
    std::memcpy(&edit.place, data + 2, 2);
    std::memcpy(&edit.value, data + 4, 8);
    switch (data[0] >> 5) {
      case 0: case 1: case 2: edit_value(&image, edit); break;
      case 3: case 4: case 5: edit_tensor(&image, edit); break;
      case 6: raw.append(reinterpret_cast<const char*>(data), kEditBytes); break;
      default: image.alignment = 1u << (edit.slot % 13); break;
    }
  }
  std::string out = image.bytes();
  for (size_t i = 0; i < raw.size(); i += kEditBytes) {
    uint16_t place;
    std::memcpy(&place, raw.data() + i + 2, 2);
    const size_t count = 1 + static_cast<uint8_t>(raw[i + 1]) % 8;
    if (place + count <= out.size()) out.replace(place, count, raw, i + 4, count);
  }
  return out;
}

}  // namespace gpa::fuzz
