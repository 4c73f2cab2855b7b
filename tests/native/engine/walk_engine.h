// An engine on the walking model, over the C interface.
#pragma once
#include <chrono>
#include <thread>

#include "engine/support.h"
#include "engine/walk_model.h"

namespace gpa::test {

struct WalkEngine {
  explicit WalkEngine(const gpa_engine_params& params = {2, 4, 0, 0, nullptr, GPA_PRECISION_EXACT}, std::string_view bytes = walk_model())
      : file(bytes), model(open_model(file.path())), engine(create_engine(model.get(), params)) {}

  // A request that answers until it is cancelled.
  RequestHandle submit_endless(gpa_done_fn done = nullptr, void* user = nullptr, uint64_t id = 0) {
    static const std::vector<int32_t> prompt{1};
    return submit(engine.get(), generate_params(prompt, 0), done, user, id);
  }

  TempFile file;
  ModelHandle model;
  EngineHandle engine;
};

// Waits, not for ever, until the request has answered its first id.
inline void wait_for_answer(const RequestHandle& request) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (stats_of(request).first_token_us < 0) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("no answer within 30 s");
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

}  // namespace gpa::test
