#include "log.h"

#include <cstdarg>
#include <cstdio>
#include <mutex>

#include "utf8.h"

namespace gpa {
namespace {

struct Sink {
  gpa_log_fn fn = nullptr;
  void* user = nullptr;
};

std::mutex sink_mutex;
Sink sink;

Sink current_sink() {
  std::lock_guard lock(sink_mutex);
  return sink;
}

}  // namespace

void set_log_sink(gpa_log_fn fn, void* user) {
  std::lock_guard lock(sink_mutex);
  sink = {fn, user};
}

void log(LogLevel level, const char* format, ...) {
  const Sink to = current_sink();
  if (!to.fn) return;
  char text[2048], line[1024];
  va_list args;
  va_start(args, format);
  std::vsnprintf(text, sizeof text, format, args);
  va_end(args);
  copy_utf8(text, line, sizeof line);
  to.fn(to.user, static_cast<int32_t>(level), line);
}

}  // namespace gpa
