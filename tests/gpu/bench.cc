// bench_cuda LIBRARY [--smoke] [--no-ops] [--result=NAME=TEXT]...: times the ops of a device library's first GPU and prints one JSON
// object, with the results given. --smoke: tiny shapes, once; --no-ops: only the limits and the results.
#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <string>

#include "cases.h"
#include "limits.h"

namespace gpa::bench {
namespace {

double seconds_of(Queue& queue, const Case& c, int turns) {
  queue.wait();
  const auto begin = std::chrono::steady_clock::now();
  for (int turn = 0; turn < turns; ++turn) c.run(turn);
  queue.wait();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Of one turn, where many follow one another: the launches of short ones overlap.
double time_of(Queue& queue, const Case& c, bool smoke) {
  if (smoke) return seconds_of(queue, c, 1);
  seconds_of(queue, c, 8);
  const double rough = seconds_of(queue, c, 16) / 16;
  const int turns = std::clamp(static_cast<int>(0.05 / rough), 16, 5000);
  double best = 1e9;
  for (int i = 0; i < 3; ++i) best = std::min(best, seconds_of(queue, c, turns) / turns);
  return best;
}

nlohmann::ordered_json measured(const Case& c, double seconds, const Limits& limits) {
  nlohmann::ordered_json out = {{"op", c.op}, {"shape", c.shape}, {"us", seconds * 1e6}, {"GB/s", c.bytes / seconds / 1e9}};
  out["of_copy"] = c.bytes / seconds / limits.copy_bytes;
  if (c.flop > 0) {
    out["GFLOP/s"] = c.flop / seconds / 1e9;
    out["of_fma"] = c.flop / seconds / limits.fma_flop;
  }
  return out;
}

const DeviceLibrary& load(const char* path) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) throw std::runtime_error(dlerror());
  const auto* exported = static_cast<const DeviceLibrary*>(dlsym(library, "gpa_device_library"));
  if (!exported || exported->abi != kDeviceAbi) throw std::runtime_error(std::string(path) + ": no device library of this build");
  return *exported;
}

struct Options {
  bool smoke = false, ops = true;
  nlohmann::ordered_json results = nlohmann::ordered_json::object();
};

int run(const char* library, Options options) {
  const auto device = load(library).open(0);
  const auto queue = device->make_queue(1);
  const Limits limits = measure_limits(0, options.smoke);
  nlohmann::ordered_json out = {{"device", device->name()}, {"results", std::move(options.results)}};
  out["limits"] = {{"copy_GB/s", limits.copy_bytes / 1e9}, {"fma_GFLOP/s", limits.fma_flop / 1e9}};
  if (options.ops) {
    const Cases cases(*device, *queue, options.smoke);
    for (const Case& c : cases.all()) out["ops"].push_back(measured(c, time_of(*queue, c, options.smoke), limits));
  }
  std::printf("%s\n", out.dump(1).c_str());
  return 0;
}

}  // namespace
}  // namespace gpa::bench

int main(int count, char** arguments) {
  gpa::bench::Options options;
  const auto usage = [] {
    std::fprintf(stderr, "usage: bench_cuda LIBRARY [--smoke] [--no-ops] [--result=NAME=TEXT]...\n");
    return 1;
  };
  if (count < 2) return usage();
  for (int i = 2; i < count; ++i) {
    const std::string argument = arguments[i];
    const size_t equals = argument.find('=');
    if (argument == "--smoke") {
      options.smoke = true;
    } else if (argument == "--no-ops") {
      options.ops = false;
    } else if (argument.rfind("--result=", 0) == 0 && argument.find('=', equals + 1) != std::string::npos) {
      const std::string pair = argument.substr(equals + 1);
      options.results[pair.substr(0, pair.find('='))] = pair.substr(pair.find('=') + 1);
    } else {
      return usage();
    }
  }
  try {
    return gpa::bench::run(arguments[1], std::move(options));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_cuda: %s\n", e.what());
    return 1;
  }
}
