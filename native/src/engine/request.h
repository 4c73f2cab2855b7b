// One task: what was asked, whether it has ended, and its result. Shared by the caller and the engine.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "failure.h"
#include "gpa/gpa.h"

namespace gpa {

// What was asked. ids and voice are copies; pcm and pcm_mix stay the caller's until the request has ended.
struct RequestInput {
  gpa_task task;
  const float* pcm;
  const float* pcm_mix;  // never null where pcm is not
  int64_t samples;
  std::vector<int32_t> ids;
  std::vector<int32_t> voice;
  gpa_sampling sampling;
  gpa_allowed allowed;
  int32_t max_tokens;
  gpa_chunk_fn chunk;        // null: the speech is the result
  gpa_stream_params stream;  // defaults filled in
};

struct RequestResult {
  std::vector<int32_t> ids;
  std::vector<float> pcm;
};

class Request {
 public:
  Request(RequestInput input, gpa_done_fn done, void* user, uint64_t id)
      : input_(std::move(input)), done_(done), user_(user), id_(id), submitted_(Clock::now()) {}

  const RequestInput& input() const { return input_; }
  // Microseconds since it was submitted.
  int64_t age_us() const { return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - submitted_).count(); }

  // Any thread.
  void cancel() { cancelled_ = true; }
  bool cancelled() const { return cancelled_; }
  // Waits for the end, at most timeout_ms (negative: for ever). Whether it has ended.
  bool wait(int64_t timeout_ms);
  bool ended() const;
  // How it ended; code GPA_OK while it runs.
  Failure outcome() const;
  // Null unless it has ended well; then valid as long as the request.
  const RequestResult* result() const;
  gpa_request_stats stats() const;

  // Delivery thread only: calls the chunk callback. Whether it wants more.
  bool hand_over(std::span<const float> pcm) const { return input_.chunk(user_, id_, pcm.data(), static_cast<int64_t>(pcm.size())) == 0; }

  // Engine threads only: the time since submission goes into that field.
  void stamp(int64_t gpa_request_stats::*field);
  void set_counts(int64_t prompt_tokens, int64_t answer_tokens, bool stopped);
  // Once: ends it, wakes who waits, then calls done under no lock. The input's PCM is not read any more.
  void finish(Failure outcome, RequestResult result) noexcept;

 private:
  using Clock = std::chrono::steady_clock;

  const RequestInput input_;
  const gpa_done_fn done_;
  void* const user_;
  const uint64_t id_;
  const Clock::time_point submitted_;
  std::atomic<bool> cancelled_{false};

  mutable std::mutex mutex_;
  std::condition_variable ended_signal_;
  bool ended_ = false;
  Failure outcome_;
  RequestResult result_;
  gpa_request_stats stats_{-1, -1, -1, -1, -1, -1, 0, 0, 0};
};

}  // namespace gpa
