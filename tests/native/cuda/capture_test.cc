// A step of the decoder as a graph: ops give work to the stream and nothing else, so that it can be captured and replayed.
#include "cuda/queue.h"
#include "cuda_emulation/control.h"
#include "device.h"

namespace gpa::test {
namespace {

constexpr int64_t kHeads = 2, kDim = 64, kCols = kHeads * kDim, kHidden = 64, kVocabulary = 96, kPageTokens = 128, kKeys = 70;

// The operands of a step with one layer, each row a sequence of kKeys keys.
struct Step {
  int64_t rows;
  Weight table, q, k, v, out, gate, up, down;
  const int32_t* ids;
  const float *norm, *head_norm;
  float *x, *queries, *keys, *values, *attended, *gates, *ups, *logits;
  void* const* slots;
  const AttentionSequence* sequences;
  const SampleRow* draws;
  int32_t* columns;
};

Step make_step(Side& side, int64_t rows, DType type, DType down) {
  Step s{};
  s.rows = rows;
  s.table = side.weight(random_weights(DType::kQ8_0, kVocabulary, kCols, 1));
  uint32_t seed = 2;
  for (Weight* w : {&s.q, &s.k, &s.v, &s.out}) *w = side.weight(random_weights(type, kCols, kCols, seed++));
  for (Weight* w : {&s.gate, &s.up}) *w = side.weight(random_weights(type, kHidden, kCols, seed++));
  s.down = side.weight(random_weights(down, kCols, kHidden, seed++));
  std::vector<int32_t> ids(static_cast<size_t>(rows), 5);
  ids[0] = 7;
  s.ids = side.array(ids);
  s.norm = side.array(random_floats(kCols, seed++, 0.1f, 1.0f));
  s.head_norm = side.array(random_floats(kDim, seed++, 0.1f, 1.0f));
  for (float** memory : {&s.x, &s.queries, &s.keys, &s.values, &s.attended}) *memory = side.floats(rows * kCols);
  for (float** memory : {&s.gates, &s.ups}) *memory = side.floats(rows * kHidden);
  s.logits = side.floats(rows * kVocabulary);
  std::vector<void*> slots;
  std::vector<AttentionSequence> sequences;
  std::vector<SampleRow> draws;
  for (int64_t r = 0; r < rows; ++r) {
    uint16_t* page = side.array(std::vector<uint16_t>(static_cast<size_t>(kPageTokens * 2 * kCols), uint16_t{0x3000}));
    slots.push_back(page + (kKeys - 1) * 2 * kCols);
    const void* const* pages = side.array(std::vector<const void*>{page});
    sequences.push_back({r, 1, kKeys, kKeys - 1, pages});
    draws.push_back({0.3 * static_cast<double>(r), 1.0f, 0.9f, 1.1f, 20, side.array(std::vector<uint32_t>(kVocabulary / 32))});
  }
  s.slots = side.array(slots);
  s.sequences = side.array(sequences);
  s.draws = side.array(draws);
  s.columns = side.array(std::vector<int32_t>(static_cast<size_t>(rows), -7));
  return s;
}

// Six ops.
void give_layer(Queue& queue, const KernelTable& k, const Step& s) {
  const auto map = [&s](const float* x, const Weight& w, float* y, const Prologue& prologue) {
    return LinearArgs{x, s.rows, w, {}, y, Rounding::kInt8, prologue};
  };
  const Prologue norm{.norm = s.norm, .eps = 1e-6f};
  const LinearArgs heads[] = {map(s.x, s.q, s.queries, norm), map(s.x, s.k, s.keys, norm), map(s.x, s.v, s.values, norm)};
  k.linears(queue, heads, 3);
  k.rotate_and_store(queue, {s.queries, s.keys, s.values, s.rows, kHeads, kHeads, kDim, s.head_norm, s.head_norm, 1e-6f, s.ids, 1e4f, DType::kF16,
                             s.slots, 0, kCols});
  AttentionArgs a{};
  a.q = s.queries;
  a.q_stride = a.y_stride = kCols;
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
  a.count = s.rows;
  a.most_queries = 1;
  a.most_keys = kKeys;
  k.attention(queue, a);
  LinearArgs added = map(s.attended, s.out, s.x, {});
  added.epilogue.residual = s.x;
  k.linear(queue, added);
  const LinearArgs halves[] = {map(s.x, s.gate, s.gates, norm), map(s.x, s.up, s.ups, norm)};
  k.linears(queue, halves, 2);
  added = map(s.gates, s.down, s.x, {.up = s.ups, .activation = Activation::kSilu});
  added.epilogue.residual = s.x;
  k.linear(queue, added);
}

void give(Queue& queue, const KernelTable& k, const Step& s) {
  k.embed(queue, {s.table, s.ids, s.rows, s.x});
  give_layer(queue, k, s);
  k.linear(queue, {s.x, s.rows, s.table, {}, s.logits, Rounding::kInt8});
  k.sample(queue, {s.logits, s.rows, kVocabulary, s.draws, s.columns});
}

constexpr int64_t kRows = 3;

// A step of few sequences is bound by its launches.
TEST(CudaCapture, aLayerTakesSevenLaunches_andMoreWhereAKernelPreparesRows) {
  if (!emulated()) GTEST_SKIP() << "nobody counts a GPU's launches";
  const std::unique_ptr<Queue> queue = device().make_queue(1);
  struct Case {
    int64_t rows;
    DType type;
    int launches;
  };
  for (const auto& [rows, type, launches] :
       {Case{1, DType::kQ8_0, 7}, {4, DType::kQ4_0, 7}, {5, DType::kQ8_0, 11}, {70, DType::kQ8_0, 11}, {1, DType::kF16, 10}, {20, DType::kF32, 10}}) {
    Side side(*queue, device().kernels());
    const Step s = make_step(side, rows, type, type);
    device().kernels().embed(*queue, {s.table, s.ids, rows, s.x});
    queue->wait();
    const int before = cuda_emulation::launches();
    give_layer(*queue, device().kernels(), s);
    queue->wait();
    EXPECT_EQ(launches, cuda_emulation::launches() - before) << rows << " rows, " << name_of(type);
  }
}

TEST(CudaCapture, aStepIsReplayedAsAGraph) {
  if (!emulated()) GTEST_SKIP() << "the stream of a loaded library is not this program's";
  const std::unique_ptr<Queue> queue = device().make_queue(1);
  const KernelTable& kernels = device().kernels();
  cudaStream_t stream = static_cast<cuda::CudaQueue&>(*queue).stream();
  Side first(*queue, kernels), second(*queue, kernels);
  const Step direct = make_step(first, kRows, DType::kQ8_0, DType::kF16), captured = make_step(second, kRows, DType::kQ8_0, DType::kF16);
  give(*queue, kernels, direct);  // the queue's scratch memory is as large as it must be from now on
  const auto columns = first.get(direct.columns, kRows);
  for (const int32_t column : columns) EXPECT_TRUE(column >= 0 && column < kVocabulary) << column;

  ASSERT_EQ(cudaSuccess, cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  give(*queue, kernels, captured);
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  ASSERT_EQ(cudaSuccess, cudaStreamEndCapture(stream, &graph));
  EXPECT_EQ(std::vector<int32_t>(static_cast<size_t>(kRows), -7), second.get(captured.columns, kRows));
  ASSERT_EQ(cudaSuccess, cudaGraphInstantiate(&exec, graph));
  ASSERT_EQ(cudaSuccess, cudaGraphLaunch(exec, stream));
  EXPECT_EQ(columns, second.get(captured.columns, kRows));
  EXPECT_EQ(first.get(direct.logits, kRows * kVocabulary), second.get(captured.logits, kRows * kVocabulary));
  cudaGraphExecDestroy(exec);
  cudaGraphDestroy(graph);
}

}  // namespace
}  // namespace gpa::test
