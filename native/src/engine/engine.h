// The queue in front of the step loop, and the thread that runs it.
#pragma once
#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "engine/compute.h"
#include "engine/engine_counters.h"
#include "engine/request.h"
#include "engine/step_loop.h"
#include "models/model.h"

namespace gpa {

class Engine : public std::enable_shared_from_this<Engine> {
 public:
  // Starts the threads. Errors: INVALID_ARGUMENT (a field is out of range), DEVICE (no such device or kernel set).
  static std::shared_ptr<Engine> create(std::shared_ptr<const Model> model, const gpa_engine_params& params);
  ~Engine();

  // Checks the task and puts it in the queue. before_start receives the request before it can begin, so that the caller has
  // its handle when done is called. Errors: those of gpa_request_submit; before_start is then not called or its request void.
  void submit(const gpa_request_params& params, gpa_done_fn done, void* user, uint64_t id,
              const std::function<void(std::shared_ptr<Request>)>& before_start);

  // Cancels everything, waits for it, and stops the threads. Again: nothing. On an engine thread: does not wait.
  void close();

  const std::shared_ptr<const Model>& model() const { return model_; }
  const Compute& compute() const { return compute_; }
  gpa_engine_stats stats() const { return counters_.snapshot(); }

 private:
  using RequestList = std::list<std::shared_ptr<Request>>;  // moved by splicing, which cannot fail

  Engine(std::shared_ptr<const Model> model, const gpa_engine_params& params);
  void loop();
  // Moves what may start, and what was cancelled before it could, out of the queue.
  void take_from_queue(RequestList& starting, RequestList& cancelled);

  const std::shared_ptr<const Model> model_;
  const Compute compute_;
  int64_t context_tokens_, max_concurrency_, max_live_;

  std::atomic<bool> closing_{false};
  EngineCounters counters_;
  StepLoop steps_;  // the engine thread's
  std::mutex mutex_;
  std::condition_variable work_;
  RequestList queue_;
  std::thread thread_;
};

}  // namespace gpa
