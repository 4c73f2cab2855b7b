#include "engine/engine.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "engine/devices.h"
#include "engine/request_check.h"
#include "engine/usable_cores.h"
#include "error.h"
#include "log.h"
#include "raw_enum.h"

namespace gpa {
namespace {

constexpr int kMaxThreads = 1024, kMaxConcurrency = 1024, kMaxQueue = 1 << 20;
// How long the loop rests when all requests wait for slow consumers, before it looks again at them and at cancellations.
constexpr std::chrono::milliseconds kIdle{2};
constexpr int kDefaultConcurrency = 8, kDefaultQueue = 1024;

const KernelTable& cpu_kernels() {
  const KernelTable* table = select_kernels();
  if (table) return *table;
  std::string names;
  for (const char* const* name = available_kernels(); *name; ++name) names += std::string(names.empty() ? "" : ", ") + *name;
  const char* wanted = std::getenv("GPA_ISA");
  fail(GPA_ERROR_DEVICE, "GPA_ISA is '%.60s', which this machine cannot run; it has %s", wanted ? wanted : "", names.c_str());
}

// With the model's weights on the device.
Compute make_compute(const Model& model, const gpa_engine_params& params, int threads, Rounding rounding) {
  std::shared_ptr<Device> device = open_device(params.device);
  if (!device) {
    const KernelTable& kernels = cpu_kernels();
    return {nullptr, kernels, threads, rounding, model.packed_decoder(kernels, threads)};
  }
  const GgufFile& file = *model.file();
  device->adopt(file.data(), file.size());
  const KernelTable& kernels = device->kernels();
  return {std::move(device), kernels, threads, rounding};
}

Rounding rounding_of(const gpa_precision& precision) {
  switch (raw_enum(precision)) {
    case GPA_PRECISION_EXACT: return Rounding::kNone;
    case GPA_PRECISION_FAST: return Rounding::kInt8;
    default: fail(GPA_ERROR_INVALID_ARGUMENT, "precision is %d; GPA_PRECISION_EXACT and GPA_PRECISION_FAST are known", raw_enum(precision));
  }
}

int64_t context_of(const Model& model, int wanted) {
  if (!model.has_decoder()) return 0;
  const int64_t longest = model.decoder().context_length();
  if (wanted < 0 || wanted > longest) {
    fail(GPA_ERROR_INVALID_ARGUMENT, "context_tokens is %d; this model holds at most %lld", wanted, static_cast<long long>(longest));
  }
  return wanted == 0 ? longest : wanted;
}

// A GPU decodes the tokens of all the look-ahead in less time than the previews take that less of it asks for.
int32_t look_ahead_of(const Compute& compute) { return compute.device ? INT32_MAX : RequestLimits::kLookAhead; }

}  // namespace

Engine::Engine(std::shared_ptr<const Model> model, const gpa_engine_params& params)
    : model_(std::move(model)),
      compute_(make_compute(*model_, params, checked("threads", params.threads, kMaxThreads, usable_cores()), rounding_of(params.precision))),
      context_tokens_(context_of(*model_, params.context_tokens)),
      max_concurrency_(checked("max_concurrency", params.max_concurrency, kMaxConcurrency, kDefaultConcurrency)),
      max_live_(max_concurrency_ + checked("max_queue", params.max_queue, kMaxQueue, kDefaultQueue)),
      steps_(model_, compute_, {context_tokens_, max_concurrency_}, closing_, counters_) {}

std::shared_ptr<Engine> Engine::create(std::shared_ptr<const Model> model, const gpa_engine_params& params) {
  std::shared_ptr<Engine> engine(new Engine(std::move(model), params));
  // The thread keeps the engine alive, so that it may be freed wherever.
  engine->thread_ = std::thread([engine] { engine->loop(); });
  log(LogLevel::kInfo, "engine: %s, %s kernels, %d threads, context of %lld tokens", engine->compute_.device_name(), engine->compute_.kernels.name, engine->compute_.threads,
      static_cast<long long>(engine->context_tokens_));
  return engine;
}

Engine::~Engine() {
  // Only the thread itself can hold the last reference while it is not joined.
  if (thread_.joinable()) thread_.detach();
}

void Engine::submit(const gpa_request_params& params, gpa_done_fn done, void* user, uint64_t id,
                    const std::function<void(std::shared_ptr<Request>)>& before_start) {
  auto request = std::make_shared<Request>(check_request(*model_, params, {context_tokens_, look_ahead_of(compute_)}), done, user, id);
  std::lock_guard lock(mutex_);
  if (closing_) fail(GPA_ERROR_INVALID_STATE, "the engine is closing");
  if (counters_.live >= max_live_) {
    counters_.refused += 1;
    fail(GPA_ERROR_CAPACITY, "the queue is full: %lld requests run or wait", static_cast<long long>(counters_.live.load()));
  }
  queue_.push_back(request);
  try {
    before_start(std::move(request));
  } catch (...) {
    queue_.pop_back();
    throw;
  }
  counters_.live += 1;
  counters_.queued += 1;
  work_.notify_one();
}

void Engine::close() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    work_.notify_one();
  }
  if (!thread_.joinable()) return;
  if (std::this_thread::get_id() == thread_.get_id()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

void Engine::take_from_queue(RequestList& starting, RequestList& cancelled) {
  for (auto at = queue_.begin(); at != queue_.end();) {
    const auto request = at++;
    if ((*request)->cancelled()) cancelled.splice(cancelled.end(), queue_, request);
  }
  while (!queue_.empty() && steps_.running() + starting.size() < static_cast<size_t>(max_concurrency_)) {
    starting.splice(starting.end(), queue_, queue_.begin());
  }
  counters_.queued = static_cast<int64_t>(queue_.size());
}

void Engine::loop() {
  bool idle = false;
  for (;;) {
    RequestList starting, cancelled;
    {
      std::unique_lock lock(mutex_);
      work_.wait(lock, [&] { return closing_ || !queue_.empty() || steps_.running() > 0; });
      if (idle) work_.wait_for(lock, kIdle);
      if (closing_) break;
      take_from_queue(starting, cancelled);
    }
    for (const auto& request : cancelled) steps_.end(*request, {GPA_ERROR_CANCELLED, "cancelled"});
    for (const auto& request : starting) steps_.admit(request);
    const auto begin = std::chrono::steady_clock::now();
    const Failure failure = guarded([&] { idle = !steps_.step() && steps_.running() > 0; });
    counters_.busy_us += std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin).count();
    if (failure.code != GPA_OK) steps_.fail_all(failure);
  }
  const Failure closed{GPA_ERROR_CANCELLED, "the engine was closed"};
  steps_.fail_all(closed);
  RequestList waiting;
  {
    std::lock_guard lock(mutex_);
    waiting.swap(queue_);
    counters_.queued = 0;
  }
  for (const auto& request : waiting) steps_.end(*request, closed);
}

}  // namespace gpa
