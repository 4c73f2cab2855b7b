#include "engine/delivery.h"

#include "error.h"

namespace gpa {

Delivery::Delivery(std::shared_ptr<Request> request, Queue& host, int64_t most_samples, End end)
    : request_(std::move(request)), most_samples_(most_samples),
      samples_(host, static_cast<size_t>(kBuffers * most_samples) * sizeof(float)), end_(std::move(end)), thread_([this] { run(); }) {}

Delivery::~Delivery() { thread_.join(); }

bool Delivery::full() const {
  std::lock_guard lock(mutex_);
  return made_ - taken_ >= kBuffers - 1;
}

bool Delivery::stopped() const {
  std::lock_guard lock(mutex_);
  return stopped_;
}

bool Delivery::over() const {
  std::lock_guard lock(mutex_);
  return over_;
}

float* Delivery::room(int64_t samples) {
  if (samples > most_samples_) {
    fail(GPA_ERROR_INTERNAL, "a chunk of %lld samples, at most %lld were expected", static_cast<long long>(samples), static_cast<long long>(most_samples_));
  }
  std::lock_guard lock(mutex_);
  return buffer(made_);
}

void Delivery::give(int64_t samples) {
  std::lock_guard lock(mutex_);
  lengths_[made_++ % kBuffers] = samples;
  given_.notify_one();
}

void Delivery::close(Failure failure, RequestResult result) noexcept {
  std::lock_guard lock(mutex_);
  failure_ = std::move(failure);
  result_ = std::move(result);
  closed_ = true;
  given_.notify_one();
}

// Waits for a chunk, valid until the next call; false when there is nothing more to hand over.
bool Delivery::next(std::span<const float>* chunk) {
  std::unique_lock lock(mutex_);
  given_.wait(lock, [&] { return closed_ || taken_ < made_; });
  if (taken_ < made_ && failure_.code == GPA_OK && request_->cancelled()) stopped_ = true;
  if (stopped_ || failure_.code != GPA_OK) taken_ = made_;
  if (taken_ == made_) {
    given_.wait(lock, [&] { return closed_; });
    return false;
  }
  const int64_t n = taken_++;
  *chunk = {buffer(n), static_cast<size_t>(lengths_[n % kBuffers])};
  return true;
}

void Delivery::run() {
  std::span<const float> chunk;
  for (bool first = true; next(&chunk); first = false) {
    if (first) request_->stamp(&gpa_request_stats::first_audio_us);
    if (request_->hand_over(chunk)) continue;
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  // Only this thread touches them once it is closed.
  if (stopped_ && failure_.code == GPA_OK) failure_ = {GPA_ERROR_CANCELLED, "cancelled"};
  end_(*request_, std::move(failure_), std::move(result_));
  std::lock_guard lock(mutex_);
  over_ = true;
}

}  // namespace gpa
