// Attention over pages: one query and many, every mask, and a sequence's bits whatever the others.
#include "device.h"

namespace gpa::test {
namespace {

// Sequences of queries, keys and values, whose pages follow one another in reverse.
struct Sequences {
  struct One {
    int64_t queries, keys, position;
    uint32_t seed;
  };
  std::vector<One> all;
  int64_t heads, kv_heads, head_dim;
  DType kv_type = DType::kF32;
  Mask mask = Mask::kCausal;
  int64_t block = 1;
  int64_t page_tokens = 16;

  int64_t rows() const {
    int64_t rows = 0;
    for (const One& one : all) rows += one.queries;
    return rows;
  }
  int64_t width() const { return heads * head_dim; }
  int64_t size() const { return rows() * width(); }
};

// The page table of one sequence; k at 4 elements, v behind the heads' keys, 4 elements of nothing at the end of a token.
const void* const* put_pages(Side& side, const Sequences& c, const Sequences::One& one) {
  const int64_t kv_stride = 2 * c.kv_heads * c.head_dim + 8, pages = (one.keys + c.page_tokens - 1) / c.page_tokens;
  const Floats values = random_floats(pages * c.page_tokens * kv_stride, one.seed + 100);
  std::vector<unsigned char> bytes(static_cast<size_t>(dtype_bytes(c.kv_type, static_cast<int64_t>(values.size()))));
  convert_elements(DType::kF32, values.data(), c.kv_type, bytes.data(), static_cast<int64_t>(values.size()));
  const int64_t page_bytes = dtype_bytes(c.kv_type, c.page_tokens * kv_stride);
  std::vector<unsigned char> reversed(bytes.size());
  for (int64_t p = 0; p < pages; ++p)
    std::copy_n(bytes.begin() + p * page_bytes, page_bytes, reversed.begin() + (pages - 1 - p) * page_bytes);
  const unsigned char* memory = side.array(reversed);
  std::vector<const void*> table;
  for (int64_t p = 0; p < pages; ++p) table.push_back(memory + (pages - 1 - p) * page_bytes);
  return side.array(table);
}

Op attention_of(const Sequences& c) {
  return [=](Side& side) {
    const int64_t q_stride = c.width() + 4;
    Floats q;
    std::vector<AttentionSequence> sequences;
    AttentionArgs a{};
    for (const Sequences::One& one : c.all) {
      sequences.push_back({static_cast<int64_t>(q.size()) / q_stride, one.queries, one.keys, one.position, put_pages(side, c, one)});
      const Floats queries = random_floats(one.queries * q_stride, one.seed);
      q.insert(q.end(), queries.begin(), queries.end());
      a.most_queries = std::max(a.most_queries, one.queries);
      a.most_keys = std::max(a.most_keys, one.keys);
    }
    a.q = side.array(q), a.q_stride = q_stride, a.heads = c.heads, a.kv_heads = c.kv_heads, a.head_dim = c.head_dim, a.kv_type = c.kv_type;
    a.page_tokens = c.page_tokens, a.kv_stride = 2 * c.kv_heads * c.head_dim + 8, a.k_offset = 4, a.v_offset = 4 + c.kv_heads * c.head_dim;
    a.scale = 1.5f / std::sqrt(static_cast<float>(c.head_dim)), a.mask = c.mask, a.block = c.block;
    a.y = side.floats(c.size()), a.y_stride = c.width(), a.sequences = side.array(sequences), a.count = static_cast<int64_t>(sequences.size());
    side.kernels().attention(side.queue(), a);
    return a.y;
  };
}

void compare_attention(const Sequences& c) {
  compare("head_dim " + std::to_string(c.head_dim) + ", " + name_of(c.kv_type) + ", mask " + std::to_string(static_cast<int>(c.mask)), c.size(), 1e-11,
          attention_of(c));
}

TEST(CudaAttention, oneQuery_anyKeys_matchesTheReference) {
  for (int64_t head_dim : {64, 128}) {
    for (DType type : {DType::kF32, DType::kF16}) {
      for (int64_t sharing : {1, 2, 3, 7}) {
        Sequences c{{}, 2 * sharing, 2, head_dim, type};
        for (int64_t keys : {1, 5, 63, 64, 65, 200}) c.all.push_back({1, keys, keys - 1, static_cast<uint32_t>(keys)});
        compare_attention(c);
      }
    }
  }
}

TEST(CudaAttention, manyQueries_everyMask_matchTheReference) {
  for (int64_t head_dim : {64, 128})
    for (DType type : {DType::kF32, DType::kF16})
      for (Mask mask : {Mask::kFull, Mask::kCausal, Mask::kBlockCausal})
        compare_attention({{{2, 2, 0, 1}, {64, 64, 0, 2}, {70, 150, 80, 3}, {11, 77, 66, 4}}, 2, 1, head_dim, type, mask, 25});
}

// Fewer keys than positions: what a block's later queries may see is not there yet.
TEST(CudaAttention, blockCausal_keysThatEndInABlock_matchTheReference) {
  compare_attention({{{1, 30, 24, 1}, {20, 47, 20, 2}}, 2, 2, 64, DType::kF32, Mask::kBlockCausal, 25, 8});
}

TEST(CudaAttention, headsOfAnySize_matchTheReference) {
  for (int64_t head_dim : {1, 6, 32, 80, 130})
    for (DType type : {DType::kF32, DType::kF16}) compare_attention({{{1, 140, 139, 1}, {9, 9, 0, 2}}, 4, 2, head_dim, type});
}

void expect_same(const Floats& want, const Floats& got, int64_t first, int64_t count) {
  ASSERT_EQ(0, std::memcmp(want.data(), &got[static_cast<size_t>(first)], static_cast<size_t>(count) * sizeof(float)));
}

// A sequence alone, with others, and with others that have many queries.
TEST(CudaAttention, sequence_inAnyCompany_hasTheSameBits) {
  for (int64_t head_dim : {64, 128}) {
    const Sequences::One decode{1, 130, 129, 1}, prefill{70, 90, 20, 2};
    const int64_t width = 4 * head_dim;
    const auto bits = [&](const std::vector<Sequences::One>& all) {
      const Sequences c{all, 4, 2, head_dim, DType::kF16};
      return on_device(attention_of(c), c.size());
    };
    const Floats alone = bits({decode}), tiled = bits({prefill}), mixed = bits({prefill, decode});
    expect_same(alone, bits({{1, 7, 6, 3}, decode, {1, 300, 299, 4}}), width, width);
    expect_same(alone, mixed, 70 * width, width);
    expect_same(tiled, mixed, 0, 70 * width);
  }
}

// Queries that come in pieces meet the same tiles of keys. The same seed gives the same first queries, and the same keys.
TEST(CudaAttention, query_inAnyPiece_hasTheSameBits) {
  const Sequences whole{{{90, 90, 0, 1}}, 2, 1, 64}, some{{{40, 90, 0, 1}}, 2, 1, 64};
  expect_same(on_device(attention_of(some), some.size()), on_device(attention_of(whole), whole.size()), 0, some.size());
}

TEST(CudaAttention, rowsOfNoSequence_areLeftAlone) {
  const std::unique_ptr<Queue> queue = device().make_queue(1);
  Side side(*queue, device().kernels());
  const void* const* pages = side.array(std::vector<const void*>{side.array(random_floats(4 * 128, 2))});
  const std::vector<AttentionSequence> sequences{{1, 1, 4, 3, pages}, {3, 2, 4, 2, pages}};
  float* y = side.array(Floats(5 * 64, 7.0f));
  side.kernels().attention(*queue, {side.array(random_floats(5 * 64, 1)), 64, 1, 1, 64, DType::kF32, 4, 128, 0, 64, 0.125f, Mask::kCausal, 1, y, 64,
                                    side.array(sequences), 2, 2, 4});
  const Floats got = side.get(y, 5 * 64);
  for (int64_t row = 0; row < 5; ++row) EXPECT_EQ(row == 0 || row == 2, got[static_cast<size_t>(row * 64)] == 7.0f) << row;
}

}  // namespace
}  // namespace gpa::test
