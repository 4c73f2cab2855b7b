// What the opaque handles of gpa.h hold, and the guard that every function's body runs in.
#pragma once
#include <memory>

#include "engine/engine.h"
#include "error.h"
#include "failure.h"
#include "gpa/gpa.h"
#include "models/model.h"
#include "utf8.h"

struct gpa_file {
  std::shared_ptr<const gpa::GgufFile> file;
};

struct gpa_model {
  std::shared_ptr<const gpa::Model> model;
  gpa_file file;
};

struct gpa_engine {
  std::shared_ptr<gpa::Engine> engine;
};

struct gpa_request {
  std::shared_ptr<gpa::Request> request;
};

namespace gpa::api {

// Fills *error, which may be null; returns the status.
inline gpa_status report(const Failure& failure, gpa_error* error) noexcept {
  if (error) {
    error->code = failure.code;
    copy_utf8(failure.message, error->message, sizeof error->message);
  }
  return failure.code;
}

// The one place where exceptions become statuses.
template <class Body>
gpa_status guard(gpa_error* error, Body&& body) noexcept {
  const Failure failure = guarded(body);
  return failure.code == GPA_OK ? GPA_OK : report(failure, error);
}

template <class T>
void require(const T* pointer, const char* argument) {
  if (!pointer) fail(GPA_ERROR_INVALID_ARGUMENT, "%s is null", argument);
}

}  // namespace gpa::api
