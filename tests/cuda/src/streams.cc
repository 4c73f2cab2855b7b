// Streams, events and graphs. Work is numbered; an event is a stream and the number behind which it was recorded.
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <set>
#include <vector>

#include "cuda_emulation/control.h"
#include "state.h"

namespace cuda_emulation {
namespace {

using Work = std::function<void()>;

struct Stream {
  std::deque<Work> pending;
  uint64_t given = 0, done = 0;
  bool capturing = false;
  std::vector<Work> captured;
};

struct Event {
  std::shared_ptr<Stream> stream;
  uint64_t number = 0;
};

}  // namespace
}  // namespace cuda_emulation

struct CUstream_st {
  std::shared_ptr<cuda_emulation::Stream> stream = std::make_shared<cuda_emulation::Stream>();
};
struct CUevent_st : cuda_emulation::Event {};
struct CUgraph_st {
  std::vector<cuda_emulation::Work> work;
};
struct CUgraphExec_st : CUgraph_st {};

namespace cuda_emulation {
namespace {

std::set<std::shared_ptr<Stream>>& streams() {
  static auto* const all = new std::set<std::shared_ptr<Stream>>;
  return *all;
}

void run_until(Stream& stream, uint64_t number) {
  open_memory();
  while (stream.done < number && !stream.pending.empty()) {
    const Work work = std::move(stream.pending.front());
    stream.pending.pop_front();
    work();
    ++stream.done;
  }
  close_memory();
}

void give(Stream& stream, Work work) {
  if (stream.capturing) return stream.captured.push_back(std::move(work));
  stream.pending.push_back(std::move(work));
  ++stream.given;
  if (!deferred()) run_until(stream, stream.given);
}

// Where it is device memory, [memory, memory + bytes) must lie in one allocation.
void check_range(const void* memory, size_t bytes) {
  const char* begin = static_cast<const char*>(memory);
  if (on_device(begin) && !on_device(begin + bytes - 1)) fatal("a copy goes beyond device memory");
}

void copy_rows(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t height) {
  for (size_t i = 0; i < height; ++i) {
    char* target = static_cast<char*>(to) + i * to_pitch;
    const char* source = static_cast<const char*>(from) + i * from_pitch;
    check_range(target, width);
    check_range(source, width);
    if (target < source + width && source < target + width) fatal("a copy between memory that overlaps");
    std::memcpy(target, source, width);
  }
}

int pageable = 0;  // copies, so far

cudaError_t check_kind(const void* to, const void* from, cudaMemcpyKind kind) {
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if (kind == cudaMemcpyDefault) return cudaSuccess;
  if ((!to_device && !pinned(to)) || (!from_device && !pinned(from))) ++pageable;
  return on_device(to) == to_device && on_device(from) == from_device ? cudaSuccess : set_error(cudaErrorInvalidValue);
}

}  // namespace

void enqueue(cudaStream_t stream, std::function<void()> work) {
  if (!stream) fatal("work on the default stream, which waits for all others");
  give(*stream->stream, std::move(work));
}

int pageable_copies() {
  const std::lock_guard guard(lock());
  return pageable;
}

bool capturing(cudaStream_t stream) { return stream && stream->stream->capturing; }

void fatal(const char* format, ...) {
  va_list list;
  va_start(list, format);
  std::fputs("emulated CUDA: ", stderr);
  std::vfprintf(stderr, format, list);
  std::fputc('\n', stderr);
  va_end(list);
  std::abort();
}

}  // namespace cuda_emulation

using namespace cuda_emulation;

#define CUDA_EMULATION_CALL(name)            \
  const std::lock_guard guard(lock());       \
  if (const cudaError_t error = injected(name)) return error

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  CUDA_EMULATION_CALL("cudaMemcpyAsync");
  if (bytes == 0) return cudaSuccess;
  if (const cudaError_t error = check_kind(to, from, kind)) return error;
  if (!stream) fatal("a copy on the default stream, which waits for all others");
  give(*stream->stream, [=] { copy_rows(to, 0, from, 0, bytes, 1); });
  return cudaSuccess;
}

cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t height, cudaMemcpyKind kind,
                              cudaStream_t stream) {
  CUDA_EMULATION_CALL("cudaMemcpy2DAsync");
  if (width == 0 || height == 0) return cudaSuccess;
  if (width > to_pitch || width > from_pitch) return set_error(cudaErrorInvalidValue);
  if (const cudaError_t error = check_kind(to, from, kind)) return error;
  if (!stream) fatal("a copy on the default stream, which waits for all others");
  give(*stream->stream, [=] { copy_rows(to, to_pitch, from, from_pitch, width, height); });
  return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t stream) {
  CUDA_EMULATION_CALL("cudaMemsetAsync");
  if (bytes == 0) return cudaSuccess;
  if (!on_device(to)) return set_error(cudaErrorInvalidValue);
  if (!stream) fatal("a copy on the default stream, which waits for all others");
  give(*stream->stream, [=] { std::memset(to, value, bytes); });
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  CUDA_EMULATION_CALL("cudaStreamCreateWithFlags");
  if (flags != cudaStreamNonBlocking) fatal("a stream that waits for the default one");
  *stream = new CUstream_st;
  streams().insert((*stream)->stream);
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  CUDA_EMULATION_CALL("cudaStreamDestroy");
  run_until(*stream->stream, stream->stream->given);
  streams().erase(stream->stream);
  delete stream;
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  CUDA_EMULATION_CALL("cudaStreamSynchronize");
  if (capturing(stream)) return set_error(cudaErrorStreamCaptureUnsupported);
  run_until(*stream->stream, stream->stream->given);
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  CUDA_EMULATION_CALL("cudaStreamWaitEvent");
  if (!event->stream || event->stream == stream->stream) return cudaSuccess;
  give(*stream->stream, [other = event->stream, number = event->number] { run_until(*other, number); });
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  CUDA_EMULATION_CALL("cudaEventCreateWithFlags");
  *event = new CUevent_st;
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  CUDA_EMULATION_CALL("cudaEventDestroy");
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  CUDA_EMULATION_CALL("cudaEventRecord");
  event->stream = stream->stream;
  event->number = stream->stream->given;
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  CUDA_EMULATION_CALL("cudaEventSynchronize");
  if (event->stream) run_until(*event->stream, event->number);
  return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  CUDA_EMULATION_CALL("cudaEventQuery");
  return !event->stream || event->stream->done >= event->number ? cudaSuccess : cudaErrorNotReady;
}

cudaError_t cudaDeviceSynchronize() {
  CUDA_EMULATION_CALL("cudaDeviceSynchronize");
  for (const auto& stream : streams()) run_until(*stream, stream->given);
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  CUDA_EMULATION_CALL("cudaStreamBeginCapture");
  if (capturing(stream)) return set_error(cudaErrorInvalidValue);
  stream->stream->capturing = true;
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  CUDA_EMULATION_CALL("cudaStreamEndCapture");
  if (!capturing(stream)) return set_error(cudaErrorInvalidValue);
  *graph = new CUgraph_st{std::move(stream->stream->captured)};
  stream->stream->captured.clear();
  stream->stream->capturing = false;
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  CUDA_EMULATION_CALL("cudaStreamIsCapturing");
  *status = capturing(stream) ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  CUDA_EMULATION_CALL("cudaGraphInstantiate");
  *exec = new CUgraphExec_st;
  (*exec)->work = graph->work;
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  CUDA_EMULATION_CALL("cudaGraphLaunch");
  for (const Work& work : exec->work) give(*stream->stream, work);
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  CUDA_EMULATION_CALL("cudaGraphDestroy");
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  CUDA_EMULATION_CALL("cudaGraphExecDestroy");
  delete exec;
  return cudaSuccess;
}
