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
  DType kv_type = DType::kF32;
};

std::string text(const Case& c) {
  std::string out;
  for (int64_t n : {c.queries, c.heads, c.kv_heads, c.head_dim, c.keys, c.page_tokens, static_cast<int64_t>(c.mask),
                    c.position, c.block, static_cast<int64_t>(c.kv_type)})
    out += std::to_string(n) + " ";
  return out;
}

// Keys and values in pages that lie apart and in another order than their tokens; what no key fills is NaN.
struct Pages {
  explicit Pages(const Case& c)
      : type(c.kv_type), page_tokens(c.page_tokens), stride(c.kv_heads * c.head_dim + 3), width(c.kv_heads * c.head_dim) {
    const int64_t count = (c.keys + page_tokens - 1) / page_tokens, page_bytes = dtype_bytes(type, 2 * plane());
    const Floats nothing(static_cast<size_t>(count * 2 * plane()), NAN);
    memory.resize(static_cast<size_t>(count * page_bytes));
    convert_elements(DType::kF32, nothing.data(), type, memory.data(), count * 2 * plane());
    for (int64_t page = 0; page < count; ++page) pages.push_back(memory.data() + (count - 1 - page) * page_bytes);
    const Floats keys = random_floats(c.keys * width, 2), values = random_floats(c.keys * width, 3);
    for (int64_t key = 0; key < c.keys; ++key) {
      put(key, 0, keys.data() + key * width);
      put(key, plane(), values.data() + key * width);
    }
  }
  int64_t plane() const { return page_tokens * stride; }
  // offset: 0 for keys, plane() for values.
  void put(int64_t token, int64_t offset, const float* from) {
    auto* page = const_cast<char*>(static_cast<const char*>(pages[static_cast<size_t>(token / page_tokens)]));
    convert_elements(DType::kF32, from, type, page + dtype_bytes(type, offset + token % page_tokens * stride), width);
  }

  DType type;
  int64_t page_tokens, stride, width;
  std::vector<char> memory;
  std::vector<const void*> pages;
};

struct Inputs {
  explicit Inputs(const Case& c)
      : c(c), q_stride(c.heads * c.head_dim + 5), q(random_floats(c.queries * q_stride, 1, 2.0f)), kv(c),
        sequence{.first_row = 0, .queries = c.queries, .keys = c.keys, .position = c.position, .pages = kv.pages.data()} {}
  Inputs(const Inputs&) = delete;

  AttentionArgs args(float* y) const { return args(y, &sequence, 1); }
  AttentionArgs args(float* y, const AttentionSequence* sequences, int64_t count) const {
    return {.q = q.data(),
            .q_stride = q_stride,
            .heads = c.heads,
            .kv_heads = c.kv_heads,
            .head_dim = c.head_dim,
            .kv_type = c.kv_type,
            .page_tokens = c.page_tokens,
            .kv_stride = kv.stride,
            .k_offset = 0,
            .v_offset = kv.plane(),
            .scale = 1.0f / std::sqrt(static_cast<float>(c.head_dim)),
            .mask = c.mask,
            .block = c.block,
            .y = y,
            .y_stride = c.heads * c.head_dim,
            .sequences = sequences,
            .count = count,
            .most_queries = c.queries,
            .most_keys = c.keys};
  }
  int64_t outputs() const { return c.queries * c.heads * c.head_dim; }

  Case c;
  int64_t q_stride;
  Floats q;
  Pages kv;
  AttentionSequence sequence;
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
  for (const DType type : {DType::kF32, DType::kF16}) {
    for (Case c : cases) {
      c.kv_type = type;
      const Inputs in(c);
      compare(in.outputs(), 2e-12, text(c),
              [&](const KernelTable& k, ThreadPool& pool, float* y) { k.attention(pool, in.args(y)); });
    }
  }
}

// A query's bits are the same alone, in a chunk, and with more keys behind the mask, for any number of heads that share their keys.
TEST_P(AttentionTest, queryOfAnotherBatch_hasTheSameBits) {
  for (const DType type : {DType::kF32, DType::kF16})
    for (const int64_t group : {1, 2, 3, 4, 5, 6, 7, 8})
      for (const int64_t head_dim : {32, 64, 96}) {
        const Case whole{300, 2 * group, 2, head_dim, 300, 16, Mask::kCausal, 0, 1, type};
        const Inputs in(whole);
        ThreadPool pool(2);
        Floats all(static_cast<size_t>(in.outputs()));
        kernels().attention(pool, in.args(all.data()));
        const int64_t row = whole.heads * whole.head_dim;
        for (int64_t first : {0, 1, 20, 36, 49, 100, 255, 256, 299}) {
          Floats one(static_cast<size_t>(row));
          AttentionSequence sequence = in.sequence;
          sequence.queries = 1;
          sequence.position = first;
          sequence.keys = first + 1;
          AttentionArgs args = in.args(one.data(), &sequence, 1);
          args.q += first * args.q_stride;
          kernels().attention(pool, args);
          EXPECT_EQ(0, std::memcmp(one.data(), all.data() + first * row, one.size() * sizeof(float)))
              << "query " << first << " of " << text(whole);
        }
      }
}

// Several sequences of one call: each as if it were alone. Rows that belong to none of them are left alone.
TEST_P(AttentionTest, manySequences_haveTheBitsOfEach) {
  const Inputs inputs[] = {Inputs({1, 6, 3, 64, 257, 16, Mask::kCausal, 256}), Inputs({40, 6, 3, 64, 40, 16, Mask::kCausal}),
                           Inputs({1, 6, 3, 64, 1, 16, Mask::kCausal}), Inputs({130, 6, 3, 64, 300, 16, Mask::kCausal, 170})};
  const int64_t row = inputs[0].c.heads * inputs[0].c.head_dim;
  for (int threads : kThreadCounts) {
    ThreadPool pool(threads);
    std::vector<Floats> alone;
    std::vector<AttentionSequence> sequences;
    Floats q, want;
    for (const Inputs& in : inputs) {
      alone.emplace_back(static_cast<size_t>(in.outputs()), NAN);
      kernels().attention(pool, in.args(alone.back().data()));
      q.insert(q.end(), static_cast<size_t>(in.q_stride), NAN);
      want.insert(want.end(), static_cast<size_t>(row), -5.0f);
      sequences.push_back(in.sequence);
      sequences.back().first_row = static_cast<int64_t>(want.size()) / row;
      q.insert(q.end(), in.q.begin(), in.q.end());
      want.insert(want.end(), alone.back().begin(), alone.back().end());
    }
    Floats got(want.size(), -5.0f);
    AttentionArgs args = inputs[0].args(got.data(), sequences.data(), static_cast<int64_t>(sequences.size()));
    args.q = q.data();
    args.most_queries = 130;
    args.most_keys = 300;
    kernels().attention(pool, args);
    EXPECT_EQ(0, std::memcmp(want.data(), got.data(), want.size() * sizeof(float))) << threads << " threads";
  }
}

// Scores far apart: the running maximum changes in later tiles and most weights vanish.
TEST_P(AttentionTest, growingScores_staysFinite) {
  const Case c{10, 2, 1, 16, 700, 16};
  Inputs in(c);
  for (float& value : in.q) value = 8.0f;
  for (int64_t key = 0; key < c.keys; ++key) {
    const Floats row(static_cast<size_t>(c.head_dim), 0.01f * static_cast<float>(key - 650));
    in.kv.put(key, 0, row.data());
  }
  compare(in.outputs(), 1e-9, "growing",
          [&](const KernelTable& k, ThreadPool& pool, float* y) { k.attention(pool, in.args(y)); });
}

}  // namespace
}  // namespace gpa::test
