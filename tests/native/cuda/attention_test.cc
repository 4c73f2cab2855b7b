// Attention over pages: one query and many, every mask, and a sequence's bits whatever the others.
#include "cuda/operands.h"

namespace gpa::test {
namespace {

// Queries, keys and values of some sequences; keys and values lie in pages in no order, as in the engine's cache.
struct Sequences {
  struct One {
    int64_t queries, keys, position;
    uint32_t seed;
  };
  std::vector<One> all;
  int64_t heads, kv_heads, head_dim;
  DType kv_type = DType::kF32;
  int64_t page_tokens = 16;
  Mask mask = Mask::kCausal;
  int64_t block = 1;
};

class CudaAttentionTest : public OperandTest {
 protected:
  // Compares with the reference; [rows, heads * head_dim].
  Floats run(const Sequences& c, const std::string& what) {
    const int64_t width = c.heads * c.head_dim, kv_width = c.kv_heads * c.head_dim, kv_stride = 2 * kv_width + 8, q_stride = width + 4;
    Floats q;
    std::vector<AttentionSequence> mine, theirs;
    std::vector<std::vector<unsigned char>> memory;  // of the pages; they stay where they are
    std::vector<std::vector<const void*>> tables;
    AttentionArgs a{};
    for (const Sequences::One& one : c.all) {
      const Floats queries = random_floats(one.queries * q_stride, one.seed), kv = random_floats(one.keys * kv_stride, one.seed + 100);
      const int64_t pages = (one.keys + c.page_tokens - 1) / c.page_tokens, page_size = dtype_bytes(c.kv_type, c.page_tokens * kv_stride);
      memory.emplace_back(static_cast<size_t>(pages * page_size));
      convert_elements(DType::kF32, kv.data(), c.kv_type, memory.back().data(), one.keys * kv_stride);
      const unsigned char* moved = put(memory.back());
      std::vector<const void*> host_table, table;
      for (int64_t p = 0; p < pages; ++p) {
        host_table.push_back(memory.back().data() + p * page_size);
        table.push_back(moved + p * page_size);
      }
      tables.push_back(host_table);
      const auto first = static_cast<int64_t>(q.size()) / q_stride;
      theirs.push_back({first, one.queries, one.keys, one.position, nullptr});
      mine.push_back({first, one.queries, one.keys, one.position, put(table)});
      q.insert(q.end(), queries.begin(), queries.end());
      a.most_queries = std::max(a.most_queries, one.queries);
      a.most_keys = std::max(a.most_keys, one.keys);
    }
    for (size_t i = 0; i < theirs.size(); ++i) theirs[i].pages = tables[i].data();
    const auto rows = static_cast<int64_t>(q.size()) / q_stride;
    Floats want(static_cast<size_t>(rows * width), NAN);
    a.q = q.data(), a.q_stride = q_stride, a.heads = c.heads, a.kv_heads = c.kv_heads, a.head_dim = c.head_dim, a.kv_type = c.kv_type;
    a.page_tokens = c.page_tokens, a.kv_stride = kv_stride, a.k_offset = 4, a.v_offset = 4 + kv_width;
    a.scale = 1.5f / std::sqrt(static_cast<float>(c.head_dim)), a.mask = c.mask, a.block = c.block;
    a.y = want.data(), a.y_stride = width, a.sequences = theirs.data(), a.count = static_cast<int64_t>(c.all.size());
    reference_kernels().attention(host_, a);
    a.q = put(q), a.y = put(Floats(want.size(), NAN)), a.sequences = put(mine);
    kernels_.attention(*queue_, a);
    const Floats got = get(a.y, want.size());
    expect_close(want, got, 1e-11, what);
    return got;
  }
};

TEST_F(CudaAttentionTest, oneQuery_anyKeys_matchesReference) {
  for (int64_t head_dim : {64, 128}) {
    for (DType type : {DType::kF32, DType::kF16}) {
      for (int64_t sharing : {1, 2, 7}) {
        Sequences c{{}, 2 * sharing, 2, head_dim, type};
        for (int64_t keys : {1, 5, 63, 64, 65, 200}) c.all.push_back({1, keys, keys - 1, static_cast<uint32_t>(keys)});
        run(c, "head_dim " + std::to_string(head_dim) + ", " + name_of(type) + ", " + std::to_string(sharing) + " heads a key");
      }
    }
  }
}

TEST_F(CudaAttentionTest, manyQueries_everyMask_matchReference) {
  for (int64_t head_dim : {64, 128}) {
    for (DType type : {DType::kF32, DType::kF16}) {
      for (Mask mask : {Mask::kFull, Mask::kCausal, Mask::kBlockCausal}) {
        Sequences c{{{2, 2, 0, 1}, {64, 64, 0, 2}, {70, 150, 80, 3}, {11, 77, 66, 4}}, 2, 1, head_dim, type, 16, mask, 25};
        run(c, "head_dim " + std::to_string(head_dim) + ", mask " + std::to_string(static_cast<int>(mask)));
      }
    }
  }
}

// Fewer keys than positions: what a block's later queries may see is not there yet.
TEST_F(CudaAttentionTest, blockCausal_keysThatEndInABlock_matchReference) {
  run({{{1, 30, 24, 1}, {20, 47, 20, 2}}, 2, 2, 64, DType::kF32, 8, Mask::kBlockCausal, 25}, "blocks");
}

TEST_F(CudaAttentionTest, headsOfAnySize_matchReference) {
  for (int64_t head_dim : {1, 6, 32, 80, 130})
    for (DType type : {DType::kF32, DType::kF16})
      run({{{1, 140, 139, 1}, {9, 9, 0, 2}}, 4, 2, head_dim, type}, "head_dim " + std::to_string(head_dim));
}

// A sequence alone, with others, and with others that have many queries.
TEST_F(CudaAttentionTest, sequence_inAnyCompany_hasSameBits) {
  for (int64_t head_dim : {64, 128}) {
    const Sequences::One decode{1, 130, 129, 1}, prefill{70, 90, 20, 2};
    const int64_t width = 4 * head_dim;
    const auto bits = [&](std::vector<Sequences::One> all) { return run({std::move(all), 4, 2, head_dim, DType::kF16}, "company"); };
    const Floats alone = bits({decode}), many = bits({{1, 7, 6, 3}, decode, {1, 300, 299, 4}}), mixed = bits({prefill, decode}), tiled = bits({prefill});
    expect_same(alone.data(), &many[static_cast<size_t>(width)], width, "with others");
    expect_same(alone.data(), &mixed[static_cast<size_t>(70 * width)], width, "with a prefill");
    expect_same(tiled.data(), mixed.data(), 70 * width, "a prefill with others");
  }
}

// Queries that come in pieces meet the same tiles of keys.
TEST_F(CudaAttentionTest, query_inAnyPiece_hasSameBits) {
  const auto whole = Sequences{{{90, 90, 0, 1}}, 2, 1, 64};
  const Floats all = run(whole, "whole");
  // The same seed gives the same first queries and keys.
  const Floats some = run({{{40, 90, 0, 1}}, 2, 1, 64}, "its first forty");
  expect_same(all.data(), some.data(), 40 * 128, "the first forty");
}

TEST_F(CudaAttentionTest, rowsOfNoSequence_areLeftAlone) {
  const Floats q = random_floats(5 * 64, 1), kv = random_floats(4 * 128, 2);
  const std::vector<const void*> pages{put(kv)};
  const std::vector<AttentionSequence> sequences{{1, 1, 4, 3, put(pages)}, {3, 2, 4, 2, put(pages)}};
  AttentionArgs a{put(q), 64, 1, 1, 64, DType::kF32, 4, 128, 0, 64, 0.125f, Mask::kCausal, 1, put(Floats(5 * 64, 7.0f)), 64, put(sequences), 2, 2, 4};
  kernels_.attention(*queue_, a);
  const Floats got = get(a.y, 5 * 64);
  for (int64_t row = 0; row < 5; ++row) EXPECT_EQ(row == 0 || row == 2, got[static_cast<size_t>(row * 64)] == 7.0f) << row;
}

}  // namespace
}  // namespace gpa::test
