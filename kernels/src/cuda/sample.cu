// One block draws from one row of logits. Nothing is sorted: the columns fall into bins by their distance from the largest logit, and
// only within the bin in which a threshold (the k-th largest, or the mass p) lies is it searched exactly, bit by bit.
// Masses are integers, weights in units of 2^-shift: their sums do not depend on the order in which threads come.
#include "cuda/launch.cuh"
#include "cuda/math.cuh"
#include "cuda/ops.h"

namespace gpa::cuda {
namespace {

using Mass = unsigned long long;

constexpr int kThreads = 1024, kWarps = kThreads / 32;
constexpr int kBins = 2048;
constexpr float kBinsPerUnit = 64.0f;
constexpr int kListed = 4096;

struct Workspace {
  unsigned counts[kBins];
  Mass mass[kBins];
  unsigned list[kListed];  // keys of one bin
  Mass partial[kWarps];
  int listed;
  int found;
  Mass before;
};

// Larger floats have larger keys; the two zeros have the same.
__device__ __forceinline__ unsigned key_of(float x) {
  const unsigned bits = __float_as_uint(x + 0.0f);
  return bits ^ (bits >> 31 ? 0xffffffffu : 0x80000000u);
}
__device__ __forceinline__ float value_of(unsigned key) { return __uint_as_float(key ^ (key >> 31 ? 0x80000000u : 0xffffffffu)); }

__device__ Mass warp_total(Mass value) {
  for (int lanes = 16; lanes > 0; lanes /= 2) value += __shfl_xor_sync(kAllLanes, value, lanes);
  return value;
}

// Of all threads; each gets it.
__device__ Mass block_total(Workspace& w, Mass value) {
  value = warp_total(value);
  __syncthreads();
  if (threadIdx.x % 32 == 0) w.partial[threadIdx.x / 32] = value;
  __syncthreads();
  return warp_total(w.partial[threadIdx.x % 32]);
}

__device__ Mass block_max(Workspace& w, Mass value) {
  for (int lanes = 16; lanes > 0; lanes /= 2) value = max(value, __shfl_xor_sync(kAllLanes, value, lanes));
  __syncthreads();
  if (threadIdx.x % 32 == 0) w.partial[threadIdx.x / 32] = value;
  __syncthreads();
  value = w.partial[threadIdx.x % 32];
  for (int lanes = 16; lanes > 0; lanes /= 2) value = max(value, __shfl_xor_sync(kAllLanes, value, lanes));
  return value;
}

// Of the threads before this one.
__device__ Mass block_prefix(Workspace& w, Mass value) {
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  Mass sum = value;
  for (int lanes = 1; lanes < 32; lanes *= 2) {
    const Mass other = __shfl_up_sync(kAllLanes, sum, static_cast<unsigned>(lanes));
    if (lane >= lanes) sum += other;
  }
  __syncthreads();
  if (lane == 31) w.partial[warp] = sum;
  __syncthreads();
  const Mass warps_before = warp_total(lane < warp ? w.partial[lane] : 0);
  return warps_before + sum - value;
}

// A row whose logits were penalised and divided.
struct Row {
  const float* logits;
  int64_t cols;
  float largest;
  int shift;

  __device__ int bin(float x) const {
    const float distance = (largest - x) * kBinsPerUnit;
    return distance < kBins - 1 ? static_cast<int>(distance) : kBins - 1;
  }
  __device__ Mass weight(float x) const { return static_cast<Mass>(ldexpf(expf(x - largest), shift)); }
};

// Of each bin, how many columns and how much mass.
__device__ void fill_bins(Workspace& w, const Row& row) {
  for (int i = static_cast<int>(threadIdx.x); i < kBins; i += kThreads) w.counts[i] = 0, w.mass[i] = 0;
  __syncthreads();
  for (int64_t c = threadIdx.x; c < row.cols; c += kThreads) {
    const float x = row.logits[c];
    const int bin = row.bin(x);
    atomicAdd(&w.counts[bin], 1u);
    if (const Mass weight = row.weight(x)) atomicAdd(&w.mass[bin], weight);
  }
  __syncthreads();
}

struct Found {
  int bin;
  Mass before;  // in the bins of larger logits
};

// The first bin, from the largest logits on, with which the sum of value(bin) reaches `need`, which all bins together do.
template <class Value>
__device__ Found find_bin(Workspace& w, Mass need, Value value) {
  constexpr int kEach = kBins / kThreads;
  const int first = static_cast<int>(threadIdx.x) * kEach;
  Mass own = 0;
  for (int i = first; i < first + kEach; ++i) own += value(i);
  Mass sum = block_prefix(w, own);
  for (int i = first; i < first + kEach; ++i) {
    const Mass with = sum + value(i);
    if (sum < need && with >= need) w.found = i, w.before = sum;
    sum = with;
  }
  __syncthreads();
  return {w.found, w.before};
}

// The keys of one bin: in a list in shared memory, or, where they are too many, in the row.
struct Candidates {
  const Workspace& w;
  const Row& row;
  int bin, listed;

  // f(key) for this thread's.
  template <class Function>
  __device__ void each(Function f) const {
    if (listed <= kListed) {
      for (int i = static_cast<int>(threadIdx.x); i < listed; i += kThreads) f(w.list[i]);
    } else {
      for (int64_t c = threadIdx.x; c < row.cols; c += kThreads)
        if (row.bin(row.logits[c]) == bin) f(key_of(row.logits[c]));
    }
  }
  template <class Value>
  __device__ Mass own_total(Value value) const {
    Mass sum = 0;
    each([&](unsigned key) { sum += value(key); });
    return sum;
  }
};

__device__ Candidates list_bin(Workspace& w, const Row& row, int bin) {
  __syncthreads();
  if (threadIdx.x == 0) w.listed = 0;
  __syncthreads();
  for (int64_t c = threadIdx.x; c < row.cols; c += kThreads) {
    if (row.bin(row.logits[c]) != bin) continue;
    const int place = atomicAdd(&w.listed, 1);
    if (place < kListed) w.list[place] = key_of(row.logits[c]);
  }
  __syncthreads();
  return {w, row, bin, w.listed};
}

// The largest key with which the sum of value(key) over the candidates that are not below it reaches `need`.
template <class Value>
__device__ unsigned find_key(Workspace& w, const Candidates& candidates, Mass need, Value value) {
  unsigned largest = 0, complement = 0;
  candidates.each([&](unsigned key) { largest = max(largest, key), complement = max(complement, ~key); });
  largest = static_cast<unsigned>(block_max(w, largest));
  complement = static_cast<unsigned>(block_max(w, complement));
  // The keys of a bin begin alike.
  const int bits = 32 - __clz(static_cast<int>(largest ^ ~complement));
  unsigned found = bits == 32 ? 0 : largest >> bits << bits;
  for (int bit = bits - 1; bit >= 0; --bit) {
    const unsigned trial = found | 1u << bit;
    if (block_total(w, candidates.own_total([&](unsigned key) { return key >= trial ? value(key) : 0; })) >= need) found = trial;
  }
  return found;
}

// The first column at which the running sum of value(column) is above `rest`, which the sum over all columns is.
template <class Value>
__device__ int64_t find_column(Workspace& w, int64_t cols, Mass rest, Value value) {
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const int64_t range = divide_up(cols, kWarps);
  Mass own = 0;
  for (int64_t c = warp * range + lane; c < min((warp + 1) * range, cols); c += 32) own += value(c);
  own = warp_total(own);
  const Mass before = block_prefix(w, lane == 31 ? own : 0);
  if (lane == 31 && before <= rest && before + own > rest) w.found = warp, w.before = before;
  __syncthreads();
  const int64_t begin = w.found * range, end = min(begin + range, cols), each = divide_up(range, kThreads);
  rest -= w.before;
  const int64_t first = min(begin + threadIdx.x * each, end), last = min(first + each, end);
  own = 0;
  for (int64_t c = first; c < last; ++c) own += value(c);
  Mass sum = block_prefix(w, own);
  for (int64_t c = first; c < last; ++c) {
    const Mass with = sum + value(c);
    if (sum <= rest && with > rest) w.found = static_cast<int>(c);
    sum = with;
  }
  __syncthreads();
  return w.found;
}

struct Largest {
  float value;
  int64_t column;
  bool valid;
};

// Penalises and divides the row's logits, and finds the largest, the lowest column of it.
__device__ Largest process(Workspace& w, const SampleRow& draw, float* logits, int64_t cols) {
  const float infinity = __int_as_float(0x7f800000);
  const bool greedy = draw.temperature < kGreedyBelow;
  Mass best = 0;  // key and, so that lower ones are larger, the column's complement
  int bad = 0;
  for (int64_t c = threadIdx.x; c < cols; c += kThreads) {
    float x = logits[c];
    if (draw.seen[c / 32] >> (c % 32) & 1) x = x < 0 ? x * draw.repetition_penalty : x / draw.repetition_penalty;
    if (!greedy) x /= draw.temperature;
    logits[c] = x;
    if (!(x < infinity)) bad = 1;
    best = max(best, static_cast<Mass>(key_of(x)) << 32 | (0xffffffffu - static_cast<unsigned>(c)));
  }
  best = block_max(w, best);
  const bool valid = block_total(w, static_cast<Mass>(bad)) == 0;
  const float value = value_of(static_cast<unsigned>(best >> 32));
  return {value, static_cast<int64_t>(0xffffffffu - static_cast<unsigned>(best)), valid && value > -infinity};
}

// What can be drawn: keys above `least`, and those equal to it in columns up to `last_tie`.
struct Kept {
  unsigned least;
  int64_t last_tie;
  Mass mass;
};

// Narrows `kept` to the most probable columns whose mass is at least p of what it was.
__device__ void keep_top_p(Workspace& w, const Row& row, float p, Kept& kept) {
  const unsigned least = kept.least;
  const auto need = max(static_cast<Mass>(ceil(static_cast<double>(p) * static_cast<double>(kept.mass))), Mass{1});
  if (need >= kept.mass) return;
  const Found found = find_bin(w, need, [&](int i) { return w.mass[i]; });
  const Candidates candidates = list_bin(w, row, found.bin);
  const auto weight = [&](unsigned key) { return key >= least ? row.weight(value_of(key)) : 0; };
  kept.least = find_key(w, candidates, need - found.before, weight);
  const Mass above =
      found.before + block_total(w, candidates.own_total([&](unsigned key) { return key > kept.least ? weight(key) : 0; }));
  const Mass ties = block_total(w, candidates.own_total([&](unsigned key) { return Mass{key == kept.least}; }));
  const Mass each = weight(kept.least), stay = (need - above + each - 1) / each;
  kept.mass = above + stay * each;
  if (stay < ties) kept.last_tie = find_column(w, row.cols, stay - 1, [&](int64_t c) { return Mass{key_of(row.logits[c]) == kept.least}; });
}

// Narrows to the k largest and what is tied with the last of them.
__device__ void keep_top_k(Workspace& w, const Row& row, Mass k, Kept& kept) {
  const Found found = find_bin(w, k, [&](int i) { return Mass{w.counts[i]}; });
  const Candidates candidates = list_bin(w, row, found.bin);
  kept.least = find_key(w, candidates, k - found.before, [](unsigned) { return Mass{1}; });
  const Mass in_bin =
      block_total(w, candidates.own_total([&](unsigned key) { return key >= kept.least ? row.weight(value_of(key)) : Mass{0}; }));
  Mass above = 0;
  for (int i = static_cast<int>(threadIdx.x); i < found.bin; i += kThreads) above += w.mass[i];
  kept.mass = block_total(w, above) + in_bin;
}

__device__ int64_t draw_column(Workspace& w, const SampleRow& draw, const Row& row) {
  fill_bins(w, row);
  Mass all = 0;
  for (int i = static_cast<int>(threadIdx.x); i < kBins; i += kThreads) all += w.mass[i];
  Kept kept{0, row.cols, block_total(w, all)};
  if (draw.top_k > 0 && draw.top_k < row.cols) keep_top_k(w, row, static_cast<Mass>(draw.top_k), kept);
  if (draw.top_p < 1) keep_top_p(w, row, draw.top_p, kept);
  const Mass rest = min(static_cast<Mass>(draw.uniform * static_cast<double>(kept.mass)), kept.mass - 1);
  return find_column(w, row.cols, rest, [&](int64_t c) {
    const unsigned key = key_of(row.logits[c]);
    return key > kept.least || (key == kept.least && c <= kept.last_tie) ? row.weight(row.logits[c]) : 0;
  });
}

__global__ void __launch_bounds__(kThreads) sample_kernel(SampleArgs a, int shift) {
  __shared__ Workspace w;
  const int64_t r = blockIdx.x;
  const SampleRow draw = a.draws[r];
  float* logits = a.logits + r * a.cols;
  const Largest largest = process(w, draw, logits, a.cols);
  int64_t column = -1;
  if (largest.valid) {
    column = draw.temperature < kGreedyBelow ? largest.column : draw_column(w, draw, {logits, a.cols, largest.value, shift});
  }
  if (threadIdx.x != 0) return;
  a.columns[r] = static_cast<int32_t>(column);
  if (column >= 0) draw.seen[column / 32] |= 1u << (column % 32);
}

}  // namespace

void sample(Queue& queue, const SampleArgs& args) {
  CudaQueue& q = cuda_queue(queue);
  SampleArgs a = args;
  a.draws = q.operand(a.draws);
  // The mass of a row of largest weights stays below 2^62.
  int shift = 61;
  for (int64_t cols = 1; cols < a.cols; cols *= 2) --shift;
  launch(q, sample_kernel, static_cast<unsigned>(a.rows), kThreads, 0, a, shift);
}

}  // namespace gpa::cuda
