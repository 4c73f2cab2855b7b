#include "cuda/graphs.h"

#include <algorithm>
#include <utility>

namespace gpa::cuda {

void Graphs::repeat(Key key, cudaStream_t stream, void (*give)(void*), void* arg) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) {
    const uint64_t generation = generation_;
    give(arg);
    if (generation != generation_) return;  // scratch memory moved: the next call is the first
    if (entries_.size() >= kMostGraphs) forget_oldest();
    entries_[std::move(key)].used = ++calls_;
    return;
  }
  Entry& entry = found->second;
  entry.used = ++calls_;
  if (!entry.exec) entry.exec = capture(stream, give, arg);
  device_.check(cudaGraphLaunch(entry.exec, stream), "cudaGraphLaunch");
}

cudaGraphExec_t Graphs::capture(cudaStream_t stream, void (*give)(void*), void* arg) {
  device_.enter();
  device_.check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
  cudaGraph_t graph = nullptr;
  try {
    give(arg);
  } catch (...) {
    if (cudaStreamEndCapture(stream, &graph) == cudaSuccess && graph) cudaGraphDestroy(graph);
    cudaGetLastError();
    throw;
  }
  device_.check(cudaStreamEndCapture(stream, &graph), "cudaStreamEndCapture");
  cudaGraphExec_t exec = nullptr;
  const cudaError_t error = cudaGraphInstantiate(&exec, graph, 0);
  cudaGraphDestroy(graph);
  device_.check(error, "cudaGraphInstantiate");
  return exec;
}

void Graphs::forget_oldest() noexcept {
  const auto oldest = std::min_element(entries_.begin(), entries_.end(),
                                       [](const auto& a, const auto& b) { return a.second.used < b.second.used; });
  if (oldest->second.exec) cudaGraphExecDestroy(oldest->second.exec);
  entries_.erase(oldest);
}

void Graphs::clear() noexcept {
  for (const auto& [key, entry] : entries_)
    if (entry.exec) cudaGraphExecDestroy(entry.exec);
  entries_.clear();
  generation_ += 1;
}

}  // namespace gpa::cuda
