// The one log sink of the library.
#pragma once
#include "gpa/gpa.h"

namespace gpa {

enum class LogLevel : int32_t { kError = 0, kWarning = 1, kInfo = 2, kDebug = 3 };

void set_log_sink(gpa_log_fn fn, void* user);

// Hands a printf-style line to the sink, on the calling thread and under no lock; nothing happens without a sink.
void log(LogLevel level, const char* format, ...) __attribute__((format(printf, 2, 3)));

}  // namespace gpa
