// Hands a request's speech to its chunk callback on a thread of its own, so that a slow consumer holds up nobody else, and ends
// the request when all is handed over.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/request.h"

namespace gpa {

// The methods are the engine thread's.
class Delivery {
 public:
  // Ends a request that way.
  using End = std::function<void(Request&, Failure, RequestResult)>;

  // Starts the thread.
  Delivery(std::shared_ptr<Request> request, End end);
  // Waits for the thread; close() must have been called.
  ~Delivery();

  // Whether so many chunks wait that no other should be made for now.
  bool full() const;
  // Whether the callback asked to stop.
  bool stopped() const;
  void give(std::vector<float> chunk);
  // No chunk follows. When those that wait are handed over, or at once where there is a failure, the thread ends the request.
  // Once the callback has asked to stop, or the request is cancelled, waiting chunks are dropped and it ends with CANCELLED.
  void close(Failure failure, RequestResult result) noexcept;
  // Whether the request has ended: destruction then does not wait.
  bool over() const;

 private:
  void run();
  bool next(std::vector<float>* chunk);

  const std::shared_ptr<Request> request_;
  const End end_;
  mutable std::mutex mutex_;
  std::condition_variable given_;
  std::deque<std::vector<float>> chunks_;
  bool stopped_ = false, closed_ = false, over_ = false;
  Failure failure_;
  RequestResult result_;
  std::thread thread_;
};

}  // namespace gpa
