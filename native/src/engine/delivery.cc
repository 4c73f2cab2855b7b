#include "engine/delivery.h"

namespace gpa {
namespace {

// Chunks that may wait beside the one being handed over: bounds the memory that a slow consumer costs.
constexpr size_t kMostWaiting = 2;

}  // namespace

Delivery::Delivery(std::shared_ptr<Request> request, End end) : request_(std::move(request)), end_(std::move(end)), thread_([this] { run(); }) {}

Delivery::~Delivery() { thread_.join(); }

bool Delivery::full() const {
  std::lock_guard lock(mutex_);
  return chunks_.size() >= kMostWaiting;
}

bool Delivery::stopped() const {
  std::lock_guard lock(mutex_);
  return stopped_;
}

bool Delivery::over() const {
  std::lock_guard lock(mutex_);
  return over_;
}

void Delivery::give(std::vector<float> chunk) {
  std::lock_guard lock(mutex_);
  chunks_.push_back(std::move(chunk));
  given_.notify_one();
}

void Delivery::close(Failure failure, RequestResult result) noexcept {
  std::lock_guard lock(mutex_);
  failure_ = std::move(failure);
  result_ = std::move(result);
  closed_ = true;
  given_.notify_one();
}

// Waits for a chunk; false when there is nothing more to hand over.
bool Delivery::next(std::vector<float>* chunk) {
  std::unique_lock lock(mutex_);
  given_.wait(lock, [&] { return closed_ || !chunks_.empty(); });
  if (!chunks_.empty() && failure_.code == GPA_OK && request_->cancelled()) stopped_ = true;
  if (stopped_ || failure_.code != GPA_OK) chunks_.clear();
  if (chunks_.empty()) {
    given_.wait(lock, [&] { return closed_; });
    return false;
  }
  *chunk = std::move(chunks_.front());
  chunks_.pop_front();
  return true;
}

void Delivery::run() {
  std::vector<float> chunk;
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
