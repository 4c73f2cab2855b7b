// rotate_and_store, embed.
#include "device.h"

namespace gpa::test {
namespace {

struct Heads {
  int64_t rows, heads, kv_heads, head_dim;
  bool norms = true;
  int64_t k_offset = 0, gap = 0;  // elements before the keys; between them and the values

  int64_t width() const { return kv_heads * head_dim; }
  int64_t v_offset() const { return k_offset + width() + gap; }
  int64_t slot() const { return v_offset() + width() + 3; }
};

// q, then all slots as f32. Slots are in another order than rows.
Floats rotated_and_stored(Queue& queue, const KernelTable& kernels, const Heads& c, DType type, int64_t first_row) {
  Side side(queue, kernels);
  const auto rows_of = [&](int64_t columns, uint32_t seed) {
    const Floats all = random_floats((first_row + c.rows) * columns, seed, 2.0f);
    return side.array(Floats(all.begin() + first_row * columns, all.end()));
  };
  const auto bytes = [&](int64_t elements) { return static_cast<size_t>(dtype_bytes(type, elements)); };
  char* pages = side.array(std::vector<char>(bytes(c.rows * c.slot()), 0x35));
  std::vector<void*> slots;
  std::vector<int32_t> positions;
  for (int64_t r = 0; r < c.rows; ++r) {
    slots.push_back(pages + bytes((c.rows - 1 - r) * c.slot()));
    positions.push_back(static_cast<int32_t>((first_row + r) * 1171));
  }
  float* q = rows_of(c.heads * c.head_dim, 1);
  const float* norms[2] = {};
  if (c.norms) {
    norms[0] = side.array(random_floats(c.head_dim, 4, 0.5f, 1.0f));
    norms[1] = side.array(random_floats(c.head_dim, 5, 0.5f, 1.0f));
  }
  kernels.rotate_and_store(queue, {q, rows_of(c.width(), 2), rows_of(c.width(), 3), c.rows, c.heads, c.kv_heads, c.head_dim, norms[0], norms[1],
                                   1e-6f, side.array(positions), 1e6f, type, side.array(slots), c.k_offset, c.v_offset()});
  Floats out = side.get(q, c.rows * c.heads * c.head_dim), stored(static_cast<size_t>(c.rows * c.slot()));
  convert_elements(type, side.get(pages, static_cast<int64_t>(bytes(c.rows * c.slot()))).data(), DType::kF32, stored.data(), c.rows * c.slot());
  out.insert(out.end(), stored.begin(), stored.end());
  return out;
}

Floats on_device(const Heads& c, DType type, int64_t first_row = 0) {
  const std::unique_ptr<Queue> queue = device().make_queue(1);
  return rotated_and_stored(*queue, device().kernels(), c, type, first_row);
}

TEST(CudaRows, rotateAndStore_matchesTheReference) {
  ThreadPool pool(1);
  for (const DType type : {DType::kF32, DType::kF16}) {
    for (const Heads& c :
         {Heads{1, 3, 1, 2}, {2, 12, 4, 64}, {5, 4, 2, 128, false}, {17, 2, 2, 6, true, 1, 2}, {64, 1, 1, 34, false, 3}, {2, 1, 1, 600}}) {
      const Floats want = rotated_and_stored(pool, reference_kernels(), c, type, 0), got = on_device(c, type);
      // Where the last bit of f32 decides, an f16 is rounded the other way.
      ASSERT_LE(nmse(want, got), type == DType::kF16 ? 1e-8 : 1e-12) << c.rows << " rows of " << c.head_dim << ", " << largest_difference(want, got);
      const int64_t queries = c.rows * c.heads * c.head_dim;
      ASSERT_LE(nmse({want.begin(), want.begin() + queries}, {got.begin(), got.begin() + queries}), 1e-12);
      for (int64_t i = 0; i < c.rows * c.slot(); ++i) {
        const int64_t in_slot = i % c.slot();
        if (in_slot >= c.k_offset && in_slot < c.k_offset + c.width()) continue;
        ASSERT_EQ(want[static_cast<size_t>(queries + i)], got[static_cast<size_t>(queries + i)]) << "a value, or what lies between";
      }
    }
  }
}

TEST(CudaRows, rotateAndStore_ofARowAlone_hasTheSameBits) {
  const Heads c{64, 3, 1, 64};
  const Floats all = on_device(c, DType::kF16);
  const int64_t queries = c.heads * c.head_dim;
  for (int64_t r : {0, 13, 63}) {
    Heads one = c;
    one.rows = 1;
    const Floats alone = on_device(one, DType::kF16, r);
    const auto same = [&](int64_t from, int64_t at, int64_t count) { return std::equal(&alone[0] + from, &alone[0] + from + count, &all[0] + at); };
    EXPECT_TRUE(same(0, r * queries, queries)) << r;
    EXPECT_TRUE(same(queries, c.rows * queries + (c.rows - 1 - r) * c.slot(), c.slot())) << r;
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
