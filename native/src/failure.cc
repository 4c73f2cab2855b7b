#include "failure.h"

#include <new>
#include <stdexcept>

#include "error.h"
#include "gpa/kernels/device.h"

namespace gpa {
namespace {

// Where memory is out the message may not fit either: a status without one is still right.
Failure describe(gpa_status code, const char* message) noexcept {
  Failure failure;
  failure.code = code;
  try {
    failure.message = message;
  } catch (...) {
    failure.message.clear();
  }
  return failure;
}

}  // namespace

Failure current_failure() noexcept {
  try {
    throw;
  } catch (const Error& error) {
    return describe(error.code(), error.what());
  } catch (const std::bad_alloc&) {
    return describe(GPA_ERROR_OUT_OF_MEMORY, "out of memory");
  } catch (const std::length_error&) {
    return describe(GPA_ERROR_OUT_OF_MEMORY, "out of memory: a size is beyond what can be addressed");
  } catch (const DeviceFailure& failure) {
    return describe(GPA_ERROR_DEVICE, failure.what());
  } catch (const std::exception& error) {
    return describe(GPA_ERROR_INTERNAL, error.what());
  } catch (...) {
    return describe(GPA_ERROR_INTERNAL, "an exception of an unknown kind");
  }
}

}  // namespace gpa
