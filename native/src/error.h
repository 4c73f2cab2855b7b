// The one exception of the library. It gathers context on its way up and becomes a gpa_status at the C ABI.
#pragma once
#include <exception>
#include <string>

#include "gpa/gpa.h"

namespace gpa {

class Error : public std::exception {
 public:
  Error(gpa_status code, std::string message) : code_(code), message_(std::move(message)) {}

  gpa_status code() const { return code_; }
  const char* what() const noexcept override { return message_.c_str(); }

  // Puts "context: " before the message:  throw e.with("layer 7").
  Error& with(const std::string& context) {
    message_ = context + ": " + message_;
    return *this;
  }

 private:
  gpa_status code_;
  std::string message_;
};

// Throws Error(code, printf-style message).
[[noreturn]] void fail(gpa_status code, const char* format, ...) __attribute__((format(printf, 2, 3)));

}  // namespace gpa
