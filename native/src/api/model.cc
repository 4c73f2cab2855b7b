// gpa.h: models.
#include "api/handles.h"

using namespace gpa;

extern "C" {

gpa_status gpa_model_open(const char* path, int32_t check_finite, gpa_model** model, gpa_error* error) {
  return api::guard(error, [&] {
    api::require(model, "model");
    *model = nullptr;
    api::require(path, "path");
    auto opened = Model::open(path, check_finite != 0);
    gpa_file file{opened->file()};
    *model = new gpa_model{std::move(opened), std::move(file)};
  });
}

void gpa_model_free(gpa_model* model) { delete model; }

const gpa_file* gpa_model_file(const gpa_model* model) { return model ? &model->file : nullptr; }

}  // extern "C"
