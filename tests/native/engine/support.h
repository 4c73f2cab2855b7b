// What the tests of io, layers, engine and the C interface share: expected failures, files that vanish, handles that free themselves.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "failure.h"
#include "gpa/gpa.h"

namespace gpa::test {

// work must throw, with that status and with `part` in its message.
template <class Work>
void expect_failure(gpa_status status, std::string_view part, Work work) {
  const Failure failure = guarded(work);
  EXPECT_EQ(status, failure.code) << failure.message;
  EXPECT_NE(std::string::npos, failure.message.find(part)) << "'" << part << "' is not in: " << failure.message;
}

// A file of the temporary folder, with its bytes written; removed at the end.
class TempFile {
 public:
  explicit TempFile(std::string_view bytes = {}) : path_(testing::TempDir() + "gpa_test_XXXXXX") {
    const int descriptor = mkstemp(path_.data());
    if (descriptor < 0) throw std::runtime_error(path_ + ": cannot be made");
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    close(descriptor);
    if (written != static_cast<ssize_t>(bytes.size())) throw std::runtime_error(path_ + ": cannot be written");
  }
  ~TempFile() { unlink(path_.c_str()); }
  TempFile(const TempFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Handles of gpa.h, each freed by its own function.
template <class Handle, void (*free_handle)(Handle*)>
struct Free {
  void operator()(Handle* handle) const { free_handle(handle); }
};
using File = std::unique_ptr<gpa_file, Free<gpa_file, gpa_file_free>>;
using ModelHandle = std::unique_ptr<gpa_model, Free<gpa_model, gpa_model_free>>;
using EngineHandle = std::unique_ptr<gpa_engine, Free<gpa_engine, gpa_engine_free>>;
using RequestHandle = std::unique_ptr<gpa_request, Free<gpa_request, gpa_request_free>>;

// Throws what a call of gpa.h reports.
inline void check(gpa_status status, const gpa_error& error) {
  if (status != GPA_OK) throw std::runtime_error("status " + std::to_string(status) + ": " + error.message);
}

inline ModelHandle open_model(const std::string& path) {
  gpa_model* model = nullptr;
  gpa_error error;
  check(gpa_model_open(path.c_str(), 0, &model, &error), error);
  return ModelHandle(model);
}

inline EngineHandle create_engine(const gpa_model* model, const gpa_engine_params& params) {
  gpa_engine* engine = nullptr;
  gpa_error error;
  check(gpa_engine_create(model, &params, &engine, &error), error);
  return EngineHandle(engine);
}

// Defaults of a request: greedy, everything else off.
inline gpa_request_params request_params(gpa_task task) {
  gpa_request_params params{};
  params.task = task;
  params.sampling.top_p = 1;
  params.sampling.repetition_penalty = 1;
  return params;
}

inline gpa_request_params generate_params(const std::vector<int32_t>& prompt, int32_t max_tokens) {
  gpa_request_params params = request_params(GPA_TASK_GENERATE);
  params.ids = prompt.data();
  params.id_count = static_cast<int64_t>(prompt.size());
  params.max_tokens = max_tokens;
  return params;
}

inline RequestHandle submit(gpa_engine* engine, const gpa_request_params& params, gpa_done_fn done = nullptr, void* user = nullptr,
                            uint64_t id = 0) {
  gpa_request* request = nullptr;
  gpa_error error;
  check(gpa_request_submit(engine, &params, done, user, id, &request, &error), error);
  return RequestHandle(request);
}

// How it ended; waits for it.
inline gpa_status wait(const RequestHandle& request, gpa_error* error = nullptr) {
  int32_t done = 0;
  const gpa_status status = gpa_request_wait(request.get(), -1, &done, error);
  EXPECT_EQ(1, done);
  return status;
}

// The answer; waits for it.
inline std::vector<int32_t> answer_of(const RequestHandle& request) {
  gpa_error error;
  check(wait(request, &error), error);
  const int32_t* ids = nullptr;
  int64_t count = 0;
  check(gpa_request_ids(request.get(), &ids, &count, &error), error);
  return {ids, ids + count};
}

inline gpa_request_stats stats_of(const RequestHandle& request) {
  gpa_request_stats stats;
  gpa_error error;
  check(gpa_request_get_stats(request.get(), &stats, &error), error);
  return stats;
}

inline gpa_engine_stats stats_of(const EngineHandle& engine) {
  gpa_engine_stats stats;
  gpa_error error;
  check(gpa_engine_get_stats(engine.get(), &stats, &error), error);
  return stats;
}

// The samples of a request that has ended well.
inline std::vector<float> pcm_of(const RequestHandle& request) {
  const float* pcm = nullptr;
  int64_t samples = 0;
  gpa_error error;
  check(gpa_request_pcm(request.get(), &pcm, &samples, &error), error);
  return {pcm, pcm + samples};
}

}  // namespace gpa::test
