// rope, store_kv, embed.
#include "device.h"

namespace gpa::test {
namespace {

TEST(CudaRows, rope_matchesTheReference) {
  struct Case {
    int64_t tokens, heads, head_dim;
    float theta;
  };
  for (const Case& c : {Case{1, 1, 2, 1e4f}, {3, 2, 64, 1e6f}, {5, 14, 128, 1e6f}, {2, 3, 6, 1e4f}, {2, 1, 600, 1e4f}}) {
    const Floats x = random_floats(c.tokens * c.heads * c.head_dim, 1);
    std::vector<int32_t> positions(static_cast<size_t>(c.tokens));
    for (int64_t t = 0; t < c.tokens; ++t) positions[static_cast<size_t>(t)] = static_cast<int32_t>(t * 1171);
    compare("rope", static_cast<int64_t>(x.size()), 1e-12, [&](Side& side) {
      float* y = side.array(x);
      side.kernels().rope(side.queue(), {y, c.tokens, c.heads, c.head_dim, side.array(positions), c.theta});
      return y;
    });
  }
}

template <class T>
void compare_stores(DType type, int64_t width, int64_t k_offset, int64_t v_offset, int64_t slot_elements) {
  constexpr int64_t kRows = 5;
  Floats k = random_floats(kRows * width, 1, 3.0f), v = random_floats(kRows * width, 2, 1e-6f);
  k[0] = 1e6f, v[0] = -1e6f, v[1] = 65519.0f;
  const auto run = [&](Queue& queue, const KernelTable& kernels) {
    Side side(queue, kernels);
    T* pages = side.array(std::vector<T>(static_cast<size_t>(kRows * slot_elements), T{7}));
    std::vector<void*> slots(kRows);
    for (int64_t r = 0; r < kRows; ++r) slots[static_cast<size_t>(r)] = pages + (r * 3 % kRows) * slot_elements;
    kernels.store_kv(queue, {side.array(k), side.array(v), kRows, width, type, side.array(slots), k_offset, v_offset});
    return side.get(pages, kRows * slot_elements);
  };
  ThreadPool pool(1);
  const std::unique_ptr<Queue> queue = device().make_queue(1);
  EXPECT_EQ(run(pool, reference_kernels()), run(*queue, device().kernels())) << name_of(type) << " " << width;
}

TEST(CudaRows, storeKv_storesTheReferencesBits) {
  for (const int64_t width : {1, 6, 64, 515}) {
    compare_stores<uint16_t>(DType::kF16, width, 0, width + 2, 2 * width + 4);
    compare_stores<uint16_t>(DType::kF16, width, 3, width + 3, 2 * width + 4);
    compare_stores<uint32_t>(DType::kF32, width, 1, width + 2, 2 * width + 3);
  }
}

TEST(CudaRows, embed_matchesTheReferenceForEveryType) {
  const auto embed_rows = [](DType type, int64_t rows, int64_t cols) {
    const Weights table = random_weights(type, rows, cols, 3);
    const std::vector<int32_t> ids = {static_cast<int32_t>(rows - 1), 0, 2, 2};
    const auto count = static_cast<int64_t>(ids.size());
    compare(std::string("embed ") + name_of(type), count * cols, 1e-13, [&](Side& side) {
      float* y = side.floats(count * cols);
      side.kernels().embed(side.queue(), {side.weight(table), side.array(ids), count, y});
      return y;
    });
  };
  for (const DType type : kTypes)
    for (const int64_t cols : {1, 8, 63, 1025}) embed_rows(type, 5, cols);
  for (const DType type : kBlockTypes) embed_rows(type, 5, 256 * 5);
  for (const DType type : {DType::kQ8_0, DType::kQ4_0, DType::kIQ4_NL}) embed_rows(type, 3, 96);
}

}  // namespace
}  // namespace gpa::test
