// make_seeds FOLDER: writes the seed inputs of the targets to FOLDER/gguf and FOLDER/model, which must exist.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "gguf_image.h"
#include "io/gguf_types.h"
#include "tiny_model.h"

namespace {

using namespace gpa;
using namespace gpa::fuzz;

void write(const std::string& path, const std::string& content) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (!file || std::fwrite(content.data(), 1, content.size(), file) != content.size() || std::fclose(file) != 0) {
    std::fprintf(stderr, "%s: cannot be written\n", path.c_str());
    std::exit(1);
  }
}

// One value of each type, arrays of each, tensors of every type.
GgufImage every_type() {
  GgufImage image;
  image.alignment = 32;
  for (int32_t type = 0; type <= kGgufF64; ++type) {
    if (type == kGgufArray) continue;
    const std::string name = "v" + std::to_string(type);
    image.values.push_back({interned(name), type, type, {1}, {"text"}});
    image.values.push_back({interned(name + ".array"), kGgufArray, type, {1, 0, 1}, {"a", "", "bc"}});
    image.values.push_back({interned(name + ".empty"), kGgufArray, type});
  }
  for (int32_t type = 0; type < 64; ++type) {
    const GgufType* known = find_gguf_type(type);
    if (!known) continue;
    const auto block = static_cast<uint64_t>(known->block_elements);
    image.tensors.push_back({interned(std::string("t.") + known->name), type, {2, block}});
  }
  return image;
}

GgufImage few_tensors(size_t count) {
  GgufImage image = tiny_model();
  image.tensors.erase(image.tensors.begin() + static_cast<std::ptrdiff_t>(count), image.tensors.end());
  return image;
}

// An edit as edits.h has it.
std::string edit(uint8_t kind, uint8_t slot, uint16_t place, int64_t value) {
  std::string out{static_cast<char>(kind), static_cast<char>(slot)};
  out.append(reinterpret_cast<const char*>(&place), 2).append(reinterpret_cast<const char*>(&value), 8);
  return out;
}

void write_edits(const std::string& folder) {
  const GgufImage model = tiny_model();
  int number = 0;
  const auto one = [&](const std::string& content) { write(folder + "/" + std::to_string(number++), content); };
  one("");
  for (size_t i = 0; i < model.values.size(); ++i) {
    for (int64_t value : {int64_t{-1}, int64_t{1} << 24}) {
      one(edit(0, 0, static_cast<uint16_t>(i), value));
    }
    one(edit(3, 0, static_cast<uint16_t>(i), 0));
  }
  for (size_t i = 0; i < model.tensors.size(); ++i) {
    one(edit(0x62, 0, static_cast<uint16_t>(i), 16));  // 0x62 % 7 = 0: the outermost extent
  }
}

}  // namespace

int main(int count, char** args) {
  if (count != 2) {
    std::fprintf(stderr, "usage: make_seeds FOLDER\n");
    return 2;
  }
  const std::string folder = args[1];
  write(folder + "/gguf/every_type", every_type().bytes());
  write(folder + "/gguf/empty", GgufImage{}.bytes());
  for (size_t tensors : {1, 3, 12}) write(folder + "/gguf/tiny_" + std::to_string(tensors), few_tensors(tensors).bytes());
  GgufImage one_tensor;
  one_tensor.tensors.push_back({"a", 0, {2, 2, 2, 2}});
  write(folder + "/gguf/one_tensor", one_tensor.bytes());
  std::string older = every_type().bytes();
  older[4] = 2;
  write(folder + "/gguf/version_2", older);
  write_edits(folder + "/model");
  return 0;
}
