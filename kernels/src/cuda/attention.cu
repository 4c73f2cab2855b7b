#include "cuda/attention.cuh"

#include "cuda/attention_decode.cuh"
#include "cuda/attention_tile.cuh"
#include "cuda/ops.h"

namespace gpa::cuda {
namespace {

constexpr int kPlainThreads = 128;

// One query of one head in a thread block, for heads of any size: right, not fast. Keys come in handfuls of kPlainThreads, whose
// scores each thread walks over. Dynamic shared memory: head_dim floats.
template <DType kv_type>
__global__ void __launch_bounds__(kPlainThreads) plain_attention_kernel(const AttentionArgs a) {
  GPA_DYNAMIC_SHARED(float, sum);
  __shared__ float scores[kPlainThreads];
  const AttentionSequence s = a.sequences[blockIdx.z];
  const int query = static_cast<int>(blockIdx.x), head = static_cast<int>(blockIdx.y), dim = static_cast<int>(a.head_dim);
  if (query >= s.queries) return;
  const int kv_head = head / static_cast<int>(a.heads / a.kv_heads), thread = static_cast<int>(threadIdx.x);
  const float* q = a.q + (s.first_row + query) * a.q_stride + head * dim;
  const int keys = visible_keys(a, s, s.position + query);
  float most = -INFINITY, total = 0;
  for (int i = thread; i < dim; i += kPlainThreads) sum[i] = 0;
  for (int first = 0; first < keys; first += kPlainThreads) {
    const int count = min(kPlainThreads, keys - first);
    float score = 0;
    if (thread < count) {
      const char* k = element_of<kv_type>(a, s, first + thread, kv_head, a.k_offset);
      for (int i = 0; i < dim; ++i) score = fmaf(q[i] * a.scale, load_one<kv_type>(k + i * kElementBytes<kv_type>), score);
    }
    scores[thread] = score;
    __syncthreads();
    float largest = most;
    for (int i = 0; i < count; ++i) largest = fmaxf(largest, scores[i]);
    const float faded = expf(most - largest);
    most = largest;
    total *= faded;
    for (int i = 0; i < count; ++i) total += expf(scores[i] - most);
    for (int i = thread; i < dim; i += kPlainThreads) {
      float value = sum[i] * faded;
      for (int key = 0; key < count; ++key) {
        const char* v = element_of<kv_type>(a, s, first + key, kv_head, a.v_offset);
        value = fmaf(expf(scores[key] - most), load_one<kv_type>(v + i * kElementBytes<kv_type>), value);
      }
      sum[i] = value;
    }
    __syncthreads();
  }
  for (int i = thread; i < dim; i += kPlainThreads) a.y[(s.first_row + query) * a.y_stride + head * dim + i] = sum[i] / total;
}

template <DType kv_type, int kDim, int kHeads>
void launch_decode(CudaQueue& queue, const AttentionArgs& a) {
  const int64_t sharing = a.heads / a.kv_heads, splits = (a.most_keys + kSplit - 1) / kSplit;
  float* partials = nullptr;
  if (splits > 1)
    partials = static_cast<float*>(queue.scratch(static_cast<size_t>(a.count * splits * a.heads * (kDim + kPartialHead)) * sizeof(float)));
  const dim3 grid(static_cast<unsigned>(splits), static_cast<unsigned>(a.kv_heads * divide_up(sharing, kHeads)), static_cast<unsigned>(a.count));
  launch_when(true, queue, decode_attention_kernel<kv_type, kDim, kHeads>, grid, kDecodeThreads, 0, a, partials, static_cast<int>(splits));
  if (splits > 1)
    launch_when(true, queue, join_splits_kernel<kDim>, dim3(static_cast<unsigned>(a.heads), static_cast<unsigned>(a.count)), kDim, 0, a, partials,
                static_cast<int>(splits));
}

template <DType kv_type, int kDim>
void attend_fast(CudaQueue& queue, const AttentionArgs& a) {
  const int64_t sharing = a.heads / a.kv_heads;
  // One sequence of many queries is no mix: nothing in it is for the other kernel.
  if (a.most_queries == 1 || a.count > 1) {
    if (sharing == 1)
      launch_decode<kv_type, kDim, 1>(queue, a);
    else if (sharing == 2)
      launch_decode<kv_type, kDim, 2>(queue, a);
    else if (sharing == 3)
      launch_decode<kv_type, kDim, 3>(queue, a);
    else
      launch_decode<kv_type, kDim, 4>(queue, a);
  }
  if (a.most_queries > 1) {
    const dim3 grid(static_cast<unsigned>((a.most_queries + kTileQueries - 1) / kTileQueries), static_cast<unsigned>(a.heads), static_cast<unsigned>(a.count));
    launch(queue, tile_attention_kernel<kv_type, kDim>, grid, kTileThreads, sizeof(AttentionTile<kDim>), a);
  }
}

template <DType kv_type>
void attend(CudaQueue& queue, const AttentionArgs& a) {
  if (a.head_dim == 64) return attend_fast<kv_type, 64>(queue, a);
  if (a.head_dim == 128) return attend_fast<kv_type, 128>(queue, a);
  const dim3 grid(static_cast<unsigned>(a.most_queries), static_cast<unsigned>(a.heads), static_cast<unsigned>(a.count));
  launch(queue, plain_attention_kernel<kv_type>, grid, kPlainThreads, static_cast<size_t>(a.head_dim) * sizeof(float), a);
}

}  // namespace

void attention(Queue& queue, const AttentionArgs& a) {
  if (a.count <= 0 || a.most_queries <= 0) return;
  if (a.kv_type == DType::kF16)
    attend<DType::kF16>(cuda_queue(queue), a);
  else
    attend<DType::kF32>(cuda_queue(queue), a);
}

}  // namespace gpa::cuda
