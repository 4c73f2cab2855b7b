// The tiny model with some of its parts changed, opened as a model: every network takes it or refuses it by a typed error.
#include "edits.h"
#include "harness.h"
#include "tiny_model.h"

using namespace gpa::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const GgufImage model = tiny_model();
  static MemoryFile file;
  const std::string bytes = edited(model, data, size);
  file.write(bytes);
  const bool check_finite = size > 0 && data[size - 1] % 2 != 0;
  within(limits_for(bytes.size()), [&] {
    gpa_model* opened = nullptr;
    gpa_error error{};
    check_status(gpa_model_open(file.path(), check_finite, &opened, &error), error, file.path(),
                 {GPA_ERROR_MODEL_FORMAT, GPA_ERROR_UNSUPPORTED});
    gpa_model_free(opened);
  });
  return 0;
}
