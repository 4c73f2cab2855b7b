// What an exception means to a caller of the C ABI.
#pragma once
#include <string>

#include "gpa/gpa.h"

namespace gpa {

struct Failure {
  gpa_status code = GPA_OK;
  std::string message;
};

// The exception being handled as a status and a message: bad_alloc is OUT_OF_MEMORY, a foreign one INTERNAL.
// Only inside a catch block.
Failure current_failure() noexcept;

// Runs work and returns how it went.
template <class Work>
Failure guarded(Work&& work) noexcept {
  try {
    work();
    return {};
  } catch (...) {
    return current_failure();
  }
}

}  // namespace gpa
