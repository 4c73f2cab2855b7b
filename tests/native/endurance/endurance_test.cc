// Many rounds of what must never crash, hang or leak. GPA_ENDURANCE=N runs N times as many: 20 for 1,000 rounds of closing and 100,000
// requests. Under a sanitizer memory is not measured.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <random>

#include "engine/golden_prompts.h"
#include "engine/walk_engine.h"

namespace gpa::test {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMeasuresMemory = false;
#else
constexpr bool kMeasuresMemory = true;
#endif

int times(int rounds) {
  const char* factor = std::getenv("GPA_ENDURANCE");
  return rounds * (factor ? std::max(1, std::atoi(factor)) : 1);
}

double resident_mib() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  long size = 0, resident = 0;
  if (!file || std::fscanf(file, "%ld %ld", &size, &resident) != 2) throw std::runtime_error("/proc/self/statm cannot be read");
  std::fclose(file);
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

// Requests of all kinds on the smallest model, some with a chunk callback.
class Load {
 public:
  explicit Load(unsigned seed) : random_(seed) {
    const Safetensors clip(goldens_path("short.safetensors"));
    wav_ = clip.at("wav").floats();
    wav_.resize(2000);
  }

  // long_answers: they last until they are cancelled, or nearly.
  RequestHandle start(gpa_engine* engine, bool long_answers) {
    constexpr gpa_task kTasks[] = {GPA_TASK_SPEAK, GPA_TASK_SPEAK, GPA_TASK_GENERATE, GPA_TASK_GENERATE, GPA_TASK_ENROLL, GPA_TASK_CONVERT, GPA_TASK_TRANSCRIBE};
    gpa_request_params params = request_params(kTasks[random_() % std::size(kTasks)]);
    const bool speaks = params.task == GPA_TASK_SPEAK || params.task == GPA_TASK_CONVERT;
    const bool hears = params.task != GPA_TASK_SPEAK && params.task != GPA_TASK_GENERATE;
    if (hears) {
      params.pcm = wav_.data();
      params.samples = static_cast<int64_t>(wav_.size());
    } else {
      params.ids = ids_.data();
      params.id_count = 1 + static_cast<int64_t>(random_() % ids_.size());
    }
    if (speaks) params.voice = random_() % 2 ? voice_.data() : other_voice_.data();
    if (speaks && random_() % 2) {
      params.chunk = [](void*, uint64_t, const float*, int64_t) { return 0; };
      params.stream = {10, 1, 4, 1};
    }
    params.sampling = {2, 0, 1, 1, random_()};
    params.max_tokens = static_cast<int32_t>(1 + random_() % (long_answers ? 500 : 4));
    return submit(engine, params);
  }
  size_t below(size_t limit) { return random_() % limit; }

 private:
  std::mt19937 random_;
  std::vector<float> wav_;
  const std::vector<int32_t> ids_{10, 20, 30, 11, 21, 31, 12, 22, 32, 1, 2, 3, 4, 5, 6, 7, 8, 9, 40, 41, 42, 43}, voice_ = std::vector<int32_t>(GPA_VOICE_TOKENS, 7),
                             other_voice_ = std::vector<int32_t>(GPA_VOICE_TOKENS, 8);
};

TEST(Endurance, closing_with_64_requests_in_flight) {
  const ModelHandle model = open_model(golden_model().path());
  Load load(1);
  int64_t cancelled = 0, done = 0;
  const int rounds = times(50);
  for (int round = 0; round < rounds; ++round) {
    EngineHandle engine = create_engine(model.get(), {2, static_cast<int32_t>(1 + load.below(16)), 64, 0, nullptr, GPA_PRECISION_EXACT});
    std::vector<RequestHandle> requests;
    for (int i = 0; i < 64; ++i) requests.push_back(load.start(engine.get(), true));
    if (round % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(load.below(60'000)));
    std::thread freeing([&] {
      for (size_t i = 0; i < 8; ++i) requests[i].reset();
    });
    engine.reset();
    freeing.join();
    for (size_t i = 8; i < requests.size(); ++i) {
      const gpa_status status = wait(requests[i]);
      ASSERT_TRUE(status == GPA_OK || status == GPA_ERROR_CANCELLED) << status;
      ++(status == GPA_OK ? done : cancelled);
    }
  }
  std::printf("%d rounds of closing: %lld requests cancelled, %lld done before\n", rounds, static_cast<long long>(cancelled), static_cast<long long>(done));
  EXPECT_GT(cancelled, 0);
}

TEST(Endurance, requests_leave_no_memory_behind) {
  const ModelHandle model = open_model(golden_model().path());
  const EngineHandle engine = create_engine(model.get(), {1, 8, 0, 0, nullptr, GPA_PRECISION_EXACT});
  Load load(2);
  const int cycles = times(5000), warm = std::min(cycles / 2, 5000);
  std::vector<RequestHandle> requests(16);
  double before = 0, most = 0;
  for (int i = 0; i < cycles; ++i) {
    RequestHandle& slot = requests[static_cast<size_t>(i) % requests.size()];
    if (slot && load.below(10) != 0) {
      ASSERT_EQ(GPA_OK, wait(slot));
    }
    slot = load.start(engine.get(), false);  // frees the one before, which is cancelled if it still runs
    if (i == warm) before = resident_mib();
    if (i > warm && i % 1000 == 0) most = std::max(most, resident_mib());
  }
  requests.clear();
  const double after = resident_mib();
  std::printf("%d requests: resident memory %.1f MiB after the first %d, %.1f at most, %.1f at the end\n", cycles, before, warm, most, after);
  if (kMeasuresMemory) {
    EXPECT_LE(after - before, 8.0);
  }
}

}  // namespace
}  // namespace gpa::test
