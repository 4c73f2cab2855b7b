// A step of the decoder as a graph: ops give work to the stream and nothing else, so that it can be captured and replayed.
#include "cuda/queue.h"
#include "device.h"

namespace gpa::test {
namespace {

constexpr int64_t kRows = 3, kHeads = 2, kDim = 32, kCols = kHeads * kDim, kHidden = 64, kVocabulary = 96, kPageTokens = 4;

// The operands of a step.
struct Step {
  Weight table, qkv, out, up;
  const int32_t* ids;
  const float *norm, *residual;
  float *x, *normed, *projected, *attended, *gate, *hidden, *logits;
  void* const* slots;
  const AttentionSequence* sequences;
  const SampleRow* draws;
  int32_t* columns;
};

Step make_step(Side& side) {
  Step s{};
  s.table = side.weight(random_weights(DType::kQ8_0, kVocabulary, kCols, 1));
  s.qkv = side.weight(random_weights(DType::kQ8_0, 3 * kCols, kCols, 2));
  s.out = side.weight(random_weights(DType::kQ4_0, kCols, kCols, 3));
  s.up = side.weight(random_weights(DType::kF16, 2 * kHidden, kCols, 4));
  s.ids = side.array(std::vector<int32_t>{5, 6, 7});
  s.norm = side.array(random_floats(kCols, 5, 0.1f, 1.0f));
  s.residual = side.array(random_floats(kRows * kCols, 6));
  for (float** memory : {&s.x, &s.normed, &s.attended}) *memory = side.floats(kRows * kCols);
  s.projected = side.floats(kRows * 3 * kCols);
  s.gate = side.floats(kRows * 2 * kHidden);
  s.hidden = side.floats(kRows * kHidden);
  s.logits = side.floats(kRows * kVocabulary);
  std::vector<void*> slots;
  std::vector<AttentionSequence> sequences;
  std::vector<SampleRow> draws;
  for (int64_t r = 0; r < kRows; ++r) {
    uint16_t* page = side.array(std::vector<uint16_t>(static_cast<size_t>(kPageTokens * 2 * kCols), uint16_t{0x3000}));
    slots.push_back(page + 2 * kCols);
    const void* const* pages = side.array(std::vector<const void*>{page});
    sequences.push_back({r, 1, 2, 1, pages});
    draws.push_back({0.3 * static_cast<double>(r), 1.0f, 0.9f, 1.1f, 20, side.array(std::vector<uint32_t>(kVocabulary / 32))});
  }
  s.slots = side.array(slots);
  s.sequences = side.array(sequences);
  s.draws = side.array(draws);
  s.columns = side.array(std::vector<int32_t>(kRows, -7));
  return s;
}

void give(Queue& queue, const KernelTable& k, const Step& s) {
  k.embed(queue, {s.table, s.ids, kRows, s.x});
  k.rms_norm(queue, {s.x, kRows, kCols, s.norm, 1e-6f, s.normed});
  k.linear(queue, {s.normed, kRows, s.qkv, {}, s.projected, Rounding::kInt8});
  k.rope(queue, {s.projected, kRows, 3 * kHeads, kDim, s.ids, 1e4f});
  k.store_kv(queue, {s.projected, s.projected + kRows * kCols, kRows, kCols, DType::kF16, s.slots, 0, kCols});
  AttentionArgs a{};
  a.q = s.projected;
  a.q_stride = 3 * kCols;
  a.y_stride = kCols;
  a.heads = a.kv_heads = kHeads;
  a.head_dim = kDim;
  a.kv_type = DType::kF16;
  a.page_tokens = kPageTokens;
  a.kv_stride = 2 * kCols;
  a.v_offset = kCols;
  a.scale = 0.2f;
  a.mask = Mask::kCausal;
  a.y = s.attended;
  a.sequences = s.sequences;
  a.count = kRows;
  a.most_queries = 1;
  a.most_keys = 2;
  k.attention(queue, a);
  k.linear(queue, {s.attended, kRows, s.out, {nullptr, Activation::kNone, nullptr, s.residual}, s.x, Rounding::kInt8});
  k.linear(queue, {s.x, kRows, s.up, {}, s.gate});
  k.gated(queue, {s.gate, s.gate + kHidden, kRows, kHidden, 2 * kHidden, 2 * kHidden, Activation::kSilu, s.hidden, kHidden});
  k.linear(queue, {s.hidden, kRows, s.table, {}, s.logits, Rounding::kInt8});
  k.sample(queue, {s.logits, kRows, kVocabulary, s.draws, s.columns});
}

TEST(CudaCapture, aStepIsReplayedAsAGraph) {
  if (!emulated()) GTEST_SKIP() << "the stream of a loaded library is not this program's";
  const std::unique_ptr<Queue> queue = device().make_queue(1);
  const KernelTable& kernels = device().kernels();
  cudaStream_t stream = static_cast<cuda::CudaQueue&>(*queue).stream();
  Side first(*queue, kernels), second(*queue, kernels);
  const Step direct = make_step(first), captured = make_step(second);
  give(*queue, kernels, direct);  // the queue's scratch memory is as large as it must be from now on
  const auto columns = first.get(direct.columns, kRows);
  for (const int32_t column : columns) EXPECT_TRUE(column >= 0 && column < kVocabulary) << column;

  ASSERT_EQ(cudaSuccess, cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  give(*queue, kernels, captured);
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  ASSERT_EQ(cudaSuccess, cudaStreamEndCapture(stream, &graph));
  EXPECT_EQ(std::vector<int32_t>(kRows, -7), second.get(captured.columns, kRows));
  ASSERT_EQ(cudaSuccess, cudaGraphInstantiate(&exec, graph));
  ASSERT_EQ(cudaSuccess, cudaGraphLaunch(exec, stream));
  EXPECT_EQ(columns, second.get(captured.columns, kRows));
  EXPECT_EQ(first.get(direct.logits, kRows * kVocabulary), second.get(captured.logits, kRows * kVocabulary));
  cudaGraphExecDestroy(exec);
  cudaGraphDestroy(graph);
}

}  // namespace
}  // namespace gpa::test
