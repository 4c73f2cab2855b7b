// rotate_and_store: heads of queries against the reference, keys and values where they are stored.
#include "kernels/support.h"

namespace gpa::test {
namespace {

class RotateAndStoreTest : public KernelTest {};
GPA_FOR_EACH_TABLE(RotateAndStoreTest);

struct Case {
  int64_t rows, heads, kv_heads, head_dim;
  DType kv_type;
  bool norms;
};

std::string text(const Case& c) {
  return std::to_string(c.rows) + " rows of " + std::to_string(c.heads) + " and " + std::to_string(c.kv_heads) + " x " + std::to_string(c.head_dim) +
         " " + name_of(c.kv_type) + (c.norms ? " with norms" : "");
}

// Operands of a case, and pages whose slots are in no order and have gaps before, between and behind keys and values.
struct Operands {
  Case c;
  Floats q, k, v, q_norm, k_norm;
  std::vector<int32_t> positions;
  int64_t width = c.kv_heads * c.head_dim, slot = 2 * width + 9;
  std::vector<char> pages = std::vector<char>(static_cast<size_t>(dtype_bytes(c.kv_type, c.rows * slot)));
  std::vector<void*> slots;

  explicit Operands(const Case& of)
      : c(of), q(random_floats(c.rows * c.heads * c.head_dim, 1, 2.0f)), k(random_floats(c.rows * c.kv_heads * c.head_dim, 2)),
        v(random_floats(c.rows * c.kv_heads * c.head_dim, 3)), q_norm(random_floats(c.head_dim, 4, 0.5f, 1.0f)),
        k_norm(random_floats(c.head_dim, 5, 0.5f, 1.0f)) {
    const auto unset = Floats(static_cast<size_t>(c.rows * slot), -3.0f);
    convert_elements(DType::kF32, unset.data(), c.kv_type, pages.data(), c.rows * slot);
    for (int64_t r = 0; r < c.rows; ++r) {
      positions.push_back(static_cast<int32_t>(r * 173 % 32768));
      slots.push_back(pages.data() + dtype_bytes(c.kv_type, (c.rows - 1 - r) * slot));
    }
  }
  void run(const KernelTable& table, ThreadPool& pool) {
    table.rotate_and_store(pool, {.q = q.data(),
                                  .k = k.data(),
                                  .v = v.data(),
                                  .rows = c.rows,
                                  .heads = c.heads,
                                  .kv_heads = c.kv_heads,
                                  .head_dim = c.head_dim,
                                  .q_norm = c.norms ? q_norm.data() : nullptr,
                                  .k_norm = c.norms ? k_norm.data() : nullptr,
                                  .eps = 1e-6f,
                                  .positions = positions.data(),
                                  .theta = 1e6f,
                                  .kv_type = c.kv_type,
                                  .slots = slots.data(),
                                  .k_offset = 1,
                                  .v_offset = width + 4});
  }
  // `count` elements of each slot from one on.
  Floats stored(int64_t offset, int64_t count) const {
    Floats out(static_cast<size_t>(c.rows * count));
    for (int64_t r = 0; r < c.rows; ++r)
      convert_elements(c.kv_type, pages.data() + dtype_bytes(c.kv_type, r * slot + offset), DType::kF32, out.data() + r * count, count);
    return out;
  }
};

void compare_tables(const KernelTable& table, const KernelTable& reference, const Case& c) {
  Operands want(c), first(c);
  ThreadPool single(1);
  want.run(reference, single);
  first.run(table, single);
  ASSERT_LE(nmse(want.q, first.q), 1e-12) << text(c);
  // Where the last bit of f32 decides, an f16 is rounded the other way.
  ASSERT_LE(nmse(want.stored(1, want.width), first.stored(1, want.width)), c.kv_type == DType::kF16 ? 1e-8 : 1e-12) << text(c);
  for (const auto& [offset, count] : {std::pair{int64_t{0}, int64_t{1}}, {want.width + 1, want.width + 8}})
    ASSERT_EQ(want.stored(offset, count), first.stored(offset, count)) << text(c) << ": values, or what lies between";
  for (int threads : kThreadCounts) {
    Operands got(c);
    ThreadPool pool(threads);
    got.run(table, pool);
    ASSERT_TRUE(got.q == first.q && got.pages == first.pages) << text(c) << ": bits differ with " << threads << " threads";
  }
}

TEST_P(RotateAndStoreTest, anyShape_matchesReference) {
  for (int64_t head_dim : {2, 6, 30, 34, 64, 128})
    for (int64_t rows : {1, 2, 5, 17, 64})
      for (DType type : {DType::kF32, DType::kF16})
        for (bool norms : {true, false}) compare_tables(kernels(), reference(), {rows, 3, 1, head_dim, type, norms});
  compare_tables(kernels(), reference(), {70, 12, 4, 64, DType::kF16, true});
  compare_tables(kernels(), reference(), {1, 1, 1, 600, DType::kF32, true});
}

// One of the norms alone, and values that f16 cannot hold.
TEST_P(RotateAndStoreTest, oneNorm_andValuesOutOfRange_matchReference) {
  const Case c{3, 2, 2, 6, DType::kF16, false};
  ThreadPool pool(2);
  const auto run = [&](const KernelTable& table) {
    Operands in(c);
    in.v[0] = 1e6f, in.v[1] = -1e6f, in.v[2] = 1e-7f, in.v[13] = NAN;
    table.rotate_and_store(pool, {in.q.data(), in.k.data(), in.v.data(), 3, 2, 2, 6, in.q_norm.data(), nullptr, 1e-6f, in.positions.data(), 1e4f,
                                  DType::kF16, in.slots.data(), 1, in.width + 4});
    return in;
  };
  const Operands want = run(reference()), got = run(kernels());
  EXPECT_LE(nmse(want.q, got.q), 1e-12);
  EXPECT_LE(nmse(want.stored(1, want.width), got.stored(1, want.width)), 1e-8);
  const Floats values = want.stored(want.width + 4, want.width), ours = got.stored(want.width + 4, want.width);
  for (size_t i = 0; i < values.size(); ++i) EXPECT_TRUE(values[i] == ours[i] || (std::isnan(values[i]) && std::isnan(ours[i]))) << i;
}

// What batching rests on.
TEST_P(RotateAndStoreTest, rowAlone_hasTheSameBits) {
  for (const Case& c : {Case{64, 3, 1, 64, DType::kF16, true}, Case{64, 2, 2, 30, DType::kF32, false}}) {
    ThreadPool pool(3);
    Operands all(c);
    all.run(kernels(), pool);
    for (int64_t r : {0, 13, 63}) {
      Case one = c;
      one.rows = 1;
      Operands alone(one);
      const auto take = [&](Floats& to, const Floats& from) {
        const auto width = static_cast<int64_t>(to.size());
        std::copy_n(from.begin() + r * width, width, to.begin());
      };
      const Operands fresh(c);
      take(alone.q, fresh.q), take(alone.k, fresh.k), take(alone.v, fresh.v);
      alone.positions[0] = fresh.positions[static_cast<size_t>(r)];
      alone.run(kernels(), pool);
      EXPECT_EQ(0, std::memcmp(alone.q.data(), all.q.data() + r * c.heads * c.head_dim, alone.q.size() * sizeof(float))) << text(c) << ", row " << r;
      EXPECT_EQ(0, std::memcmp(alone.slots[0], all.slots[static_cast<size_t>(r)], alone.pages.size())) << text(c) << ", row " << r;
    }
  }
}

}  // namespace
}  // namespace gpa::test
