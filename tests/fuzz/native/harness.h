// What every target demands of the library beside what the sanitizers see.
#pragma once
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "gpa/gpa.h"

namespace gpa::fuzz {

// A file in memory that has a path. While it is mapped by the library, its last page is poisoned behind its end and the page
// after it cannot be read.
class MemoryFile {
 public:
  MemoryFile();
  ~MemoryFile();
  const char* path() const { return path_.c_str(); }
  // Replaces the content.
  void write(std::string_view content);

 private:
  int fd_;
  std::string path_;
};

struct Limits {
  double cpu_millis;   // of one run, by the thread's own clock and under the sanitizers, which only make it slower
  size_t peak_bytes;   // of heap at once
};

// The limits of an input of so many bytes: 50 ms, and memory that grows with what is really there.
Limits limits_for(size_t input_bytes);

// Runs it. Aborts when it takes more than the limits; a slow run is repeated three times, and the fastest counts.
void within(const Limits& limits, const std::function<void()>& body);

// Aborts unless the status is GPA_OK or one of those, and the error's code and message fit it: a message begins with the path and is
// printable ASCII.
void check_status(gpa_status status, const gpa_error& error, const char* path, std::initializer_list<gpa_status> allowed);

// Aborts with a message.
[[noreturn]] void finding(const char* what);

}  // namespace gpa::fuzz
