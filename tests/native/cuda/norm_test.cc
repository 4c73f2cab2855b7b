#include "device.h"

namespace gpa::test {
namespace {

constexpr double kBound = 1e-12;

Op rms_norm_op(const Floats& x, int64_t rows, int64_t cols, const Floats& w, bool in_place) {
  return [=](Side& side) {
    float* in = side.array(x);
    float* y = in_place ? in : side.floats(rows * cols);
    side.kernels().rms_norm(side.queue(), {in, rows, cols, side.array(w), 1e-6f, y});
    return y;
  };
}

Op layer_norm_op(const Floats& x, int64_t rows, int64_t cols, const Floats& scale, const Floats& shift) {
  return [=](Side& side) {
    float* y = side.floats(rows * cols);
    const float *s = scale.empty() ? nullptr : side.array(scale), *b = shift.empty() ? nullptr : side.array(shift);
    side.kernels().layer_norm(side.queue(), {side.array(x), rows, cols, s, b, 1e-5f, y});
    return y;
  };
}

struct Shape {
  int64_t rows, cols;
};
constexpr Shape kShapes[] = {{1, 1}, {3, 2}, {5, 64}, {9, 128}, {2, 127}, {3, 512}, {2, 513}, {4, 1024}, {1, 1025}, {2, 4096}, {1, 4100}, {1, 5001}};

TEST(CudaNorm, rmsNorm_matchesTheReference) {
  for (const Shape& s : kShapes) {
    const std::string what = std::to_string(s.rows) + " x " + std::to_string(s.cols);
    const Floats x = random_floats(s.rows * s.cols, 1, 2.0f), w = random_floats(s.cols, 2, 0.5f, 1.0f);
    compare("rms_norm " + what, s.rows * s.cols, kBound, rms_norm_op(x, s.rows, s.cols, w, false));
    compare("rms_norm in place " + what, s.rows * s.cols, kBound, rms_norm_op(x, s.rows, s.cols, w, true));
  }
}

TEST(CudaNorm, layerNorm_matchesTheReference) {
  for (const Shape& s : kShapes) {
    const std::string what = "layer_norm " + std::to_string(s.rows) + " x " + std::to_string(s.cols);
    const Floats x = random_floats(s.rows * s.cols, 1, 2.0f, 3.0f), scale = random_floats(s.cols, 2, 0.5f, 1.0f), shift = random_floats(s.cols, 3);
    compare(what, s.rows * s.cols, kBound, layer_norm_op(x, s.rows, s.cols, scale, shift));
    compare(what + " without shift", s.rows * s.cols, kBound, layer_norm_op(x, s.rows, s.cols, scale, {}));
    compare(what + " without both", s.rows * s.cols, kBound, layer_norm_op(x, s.rows, s.cols, {}, {}));
  }
}

// A row that is taken out, and stands at another address, keeps its bits.
TEST(CudaNorm, aRowDoesNotDependOnOthers) {
  for (const int64_t cols : {3, 64, 130, 1024, 1028}) {
    const Floats x = random_floats(7 * cols, 5), w = random_floats(cols, 6);
    const Floats row(x.begin() + 4 * cols, x.begin() + 5 * cols);
    const Floats all = on_device(rms_norm_op(x, 7, cols, w, false), 7 * cols), one = on_device(rms_norm_op(row, 1, cols, w, false), cols);
    EXPECT_EQ(0, std::memcmp(all.data() + 4 * cols, one.data(), one.size() * sizeof(float))) << cols;
    const Op shifted = [&](Side& side) {
      Floats padded(1, 0.0f);
      padded.insert(padded.end(), row.begin(), row.end());
      float* y = side.floats(cols);
      side.kernels().rms_norm(side.queue(), {side.array(padded) + 1, 1, cols, side.array(w), 1e-6f, y});
      return y;
    };
    const Floats moved = on_device(shifted, cols);
    EXPECT_EQ(0, std::memcmp(moved.data(), one.data(), one.size() * sizeof(float))) << cols;
  }
}

}  // namespace
}  // namespace gpa::test
