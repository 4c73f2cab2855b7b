// Hands a request's speech to its chunk callback on a thread of its own, so that a slow consumer holds up nobody else, and ends
// the request when all is handed over. The chunks lie in kBuffers buffers, always the same ones.
#pragma once
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>

#include "engine/request.h"
#include "layers/buffer.h"

namespace gpa {

// The methods are the engine thread's.
class Delivery {
 public:
  // Ends a request that way.
  using End = std::function<void(Request&, Failure, RequestResult)>;

  // Starts the thread. most_samples: of one chunk. The chunks lie in memory of the host's queue.
  Delivery(std::shared_ptr<Request> request, Queue& host, int64_t most_samples, End end);
  // Waits for the thread; close() must have been called.
  ~Delivery();

  // Whether so many chunks wait that no other should be made for now.
  bool full() const;
  // Whether the callback asked to stop.
  bool stopped() const;
  // Where the next chunk is to be made, until give(); must not be full. Error(INTERNAL): more than most_samples.
  float* room(int64_t samples);
  // The first so many samples of room() are the next chunk.
  void give(int64_t samples);
  // No chunk follows. When those that wait are handed over, or at once where there is a failure, the thread ends the request.
  // Once the callback has asked to stop, or the request is cancelled, waiting chunks are dropped and it ends with CANCELLED.
  void close(Failure failure, RequestResult result) noexcept;
  // Whether the request has ended: destruction then does not wait.
  bool over() const;

 private:
  // Those that may wait, and the one that is handed over: bounds the memory that a slow consumer costs.
  static constexpr int64_t kBuffers = 3;

  void run();
  bool next(std::span<const float>* chunk);
  float* buffer(int64_t chunk) const { return samples_.floats() + chunk % kBuffers * most_samples_; }

  const std::shared_ptr<Request> request_;
  const int64_t most_samples_;
  const Buffer samples_;  // [kBuffers, most_samples]
  const End end_;
  mutable std::mutex mutex_;
  std::condition_variable given_;
  int64_t lengths_[kBuffers] = {};          // of the chunk in each buffer
  int64_t made_ = 0, taken_ = 0;            // chunk n lies in buffer n % kBuffers
  bool stopped_ = false, closed_ = false, over_ = false;
  Failure failure_;
  RequestResult result_;
  std::thread thread_;
};

}  // namespace gpa
