// attention against the reference: masks, pages, groups of heads, odd sizes.
#include "kernels/support.h"

namespace gpa::test {
namespace {

class AttentionTest : public KernelTest {};
GPA_FOR_EACH_TABLE(AttentionTest);

struct Case {
  int64_t queries, heads, kv_heads, head_dim, keys, page_tokens;
  Mask mask = Mask::kFull;
  int64_t position = 0, block = 1;
};

std::string text(const Case& c) {
  std::string out;
  for (int64_t n : {c.queries, c.heads, c.kv_heads, c.head_dim, c.keys, c.page_tokens, static_cast<int64_t>(c.mask),
                    c.position, c.block})
    out += std::to_string(n) + " ";
  return out;
}

// Keys and values in pages that lie apart and in another order than their tokens; what no key fills is NaN.
struct Pages {
  Pages(const Case& c, uint32_t seed) : stride(c.kv_heads * c.head_dim + 3) {
    const int64_t count = (c.keys + c.page_tokens - 1) / c.page_tokens, floats = c.page_tokens * stride;
    memory.assign(static_cast<size_t>(count * floats), NAN);
    const Floats values = random_floats(c.keys * c.kv_heads * c.head_dim, seed);
    for (int64_t page = 0; page < count; ++page) pages.push_back(memory.data() + (count - 1 - page) * floats);
    for (int64_t key = 0; key < c.keys; ++key)
      std::copy_n(values.data() + key * c.kv_heads * c.head_dim, c.kv_heads * c.head_dim,
                  memory.data() + (pages[static_cast<size_t>(key / c.page_tokens)] - memory.data()) +
                      key % c.page_tokens * stride);
  }
  int64_t stride;
  Floats memory;
  std::vector<const float*> pages;
};

struct Inputs {
  explicit Inputs(const Case& c)
      : c(c), q_stride(c.heads * c.head_dim + 5), q(random_floats(c.queries * q_stride, 1, 2.0f)), k(c, 2), v(c, 3) {}

  AttentionArgs args(float* y) const {
    return {.q = q.data(),
            .q_stride = q_stride,
            .queries = c.queries,
            .heads = c.heads,
            .kv_heads = c.kv_heads,
            .head_dim = c.head_dim,
            .k_pages = k.pages.data(),
            .v_pages = v.pages.data(),
            .page_tokens = c.page_tokens,
            .kv_stride = k.stride,
            .keys = c.keys,
            .scale = 1.0f / std::sqrt(static_cast<float>(c.head_dim)),
            .mask = c.mask,
            .position = c.position,
            .block = c.block,
            .y = y,
            .y_stride = c.heads * c.head_dim};
  }
  int64_t outputs() const { return c.queries * c.heads * c.head_dim; }

  Case c;
  int64_t q_stride;
  Floats q;
  Pages k, v;
};

TEST_P(AttentionTest, anyMaskAndShape_matchesReference) {
  const Case cases[] = {
      {1, 1, 1, 1, 1, 1},
      {1, 12, 4, 64, 700, 16},
      {3, 3, 1, 17, 33, 7},
      {33, 4, 4, 64, 129, 1000},
      {17, 2, 1, 31, 255, 16},
      {9, 8, 8, 64, 41, 41},
      {5, 2, 2, 300, 19, 4},                              // head wider than one block
      {7, 1, 1, 257, 300, 64},
      {100, 6, 2, 33, 513, 32},
      {63, 3, 3, 16, 63, 16, Mask::kCausal},
      {129, 6, 2, 8, 300, 16, Mask::kCausal, 171},        // a chunk after 171 tokens
      {1, 6, 3, 64, 257, 16, Mask::kCausal, 256},         // decoding, first key of a tile
      {5, 12, 4, 64, 256, 16, Mask::kCausal, 251},
      {4, 2, 2, 20, 400, 16, Mask::kCausal, 100},         // keys beyond every query
      {77, 2, 2, 24, 77, 77, Mask::kBlockCausal, 0, 20},
      {300, 1, 1, 24, 300, 50, Mask::kBlockCausal, 0, 200},
      {30, 4, 2, 12, 350, 16, Mask::kBlockCausal, 310, 100},
      {64, 1, 1, 12, 64, 16, Mask::kBlockCausal, 0, 1},
      {12, 1, 1, 12, 12, 16, Mask::kBlockCausal, 0, 1000},
  };
  for (const Case& c : cases) {
    const Inputs in(c);
    compare(in.outputs(), 2e-12, text(c),
            [&](const KernelTable& k, ThreadPool& pool, float* y) { k.attention(pool, in.args(y)); });
  }
}

// A query's bits are the same alone, in a chunk, and with more keys behind the mask.
TEST_P(AttentionTest, queryOfAnotherBatch_hasTheSameBits) {
  const Case whole{300, 4, 2, 32, 300, 16, Mask::kCausal};
  const Inputs in(whole);
  ThreadPool pool(2);
  Floats all(static_cast<size_t>(in.outputs()));
  kernels().attention(pool, in.args(all.data()));
  const int64_t row = whole.heads * whole.head_dim;
  for (int64_t first : {0, 1, 100, 255, 256, 299}) {
    Floats one(static_cast<size_t>(row));
    AttentionArgs args = in.args(one.data());
    args.q += first * args.q_stride;
    args.queries = 1;
    args.position = first;
    args.keys = first + 1;
    kernels().attention(pool, args);
    EXPECT_EQ(0, std::memcmp(one.data(), all.data() + first * row, one.size() * sizeof(float))) << "query " << first;
  }
}

// Several sequences of one call: each as if it were alone.
TEST_P(AttentionTest, manySequences_haveTheBitsOfEach) {
  const Inputs inputs[] = {Inputs({1, 6, 3, 64, 257, 16, Mask::kCausal, 256}), Inputs({40, 6, 3, 64, 40, 16, Mask::kCausal}),
                                      Inputs({1, 6, 3, 64, 1, 16, Mask::kCausal}), Inputs({130, 6, 3, 64, 300, 16, Mask::kCausal, 170})};
  for (int threads : kThreadCounts) {
    ThreadPool pool(threads);
    std::vector<Floats> together, alone;
    std::vector<AttentionArgs> args;
    for (const Inputs& in : inputs) {
      together.emplace_back(static_cast<size_t>(in.outputs()), NAN);
      alone.emplace_back(static_cast<size_t>(in.outputs()), NAN);
      kernels().attention(pool, in.args(alone.back().data()));
    }
    for (size_t i = 0; i < std::size(inputs); ++i) args.push_back(inputs[i].args(together[i].data()));
    kernels().attentions(pool, args.data(), static_cast<int64_t>(args.size()));
    for (size_t i = 0; i < std::size(inputs); ++i)
      EXPECT_EQ(0, std::memcmp(alone[i].data(), together[i].data(), alone[i].size() * sizeof(float))) << "sequence " << i << ", " << threads << " threads";
  }
}

// Scores far apart: the running maximum changes in later tiles and most weights vanish.
TEST_P(AttentionTest, growingScores_staysFinite) {
  Case c{10, 2, 1, 16, 700, 16};
  Inputs in(c);
  for (float& value : in.q) value = 8.0f;
  for (int64_t key = 0; key < c.keys; ++key)
    for (int64_t i = 0; i < c.head_dim; ++i)
      const_cast<float*>(in.k.pages[static_cast<size_t>(key / 16)])[key % 16 * in.k.stride + i] = 0.01f * static_cast<float>(key - 650);
  compare(in.outputs(), 1e-9, "growing",
          [&](const KernelTable& k, ThreadPool& pool, float* y) { k.attention(pool, in.args(y)); });
}

}  // namespace
}  // namespace gpa::test
