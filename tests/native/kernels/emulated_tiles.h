// Tile registers in plain C++, for machines without: tiles.h for a test. What the hardware refuses ends the program.
#pragma once
#include <atomic>
#include <cfloat>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cpu/tile_shapes.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

std::atomic<int> configured_threads{0};
std::atomic<bool> tiles_err{false};  // products are wrong then

struct EmulatedTiles {
  bool configured = false;
  TileShapes shapes;
  uint8_t bytes[kMostTiles][kMostTileRows][kMostTileBytes];
};
thread_local EmulatedTiles tiles;

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "tiles: %s\n", what);
  std::abort();
}
inline int rows_of(int tile) { return tiles.shapes.rows[tile]; }
inline int bytes_of_row(int tile) { return tiles.shapes.row_bytes[tile]; }
inline void require_tile(int tile) {
  require(tiles.configured, "used without a configuration");
  require(tile < kMostTiles && rows_of(tile) > 0, "not configured");
}

inline void tiles_configure(const TileShapes& shapes) {
  require(shapes.palette == 1 && shapes.start_row == 0, "palette");
  for (uint8_t byte : shapes.reserved) require(byte == 0, "reserved bytes");
  for (int tile = 0; tile < 16; ++tile) {
    require((shapes.rows[tile] == 0) == (shapes.row_bytes[tile] == 0), "half a shape");
    require(shapes.rows[tile] <= kMostTileRows && shapes.row_bytes[tile] <= kMostTileBytes, "shape too large");
    require(tile < kMostTiles || shapes.rows[tile] == 0, "too many tiles");
  }
  if (!tiles.configured) ++configured_threads;
  tiles = {.configured = true, .shapes = shapes, .bytes = {}};
}
inline void tiles_release() {
  if (tiles.configured) --configured_threads;
  tiles.configured = false;
}

template <int tile>
inline void tile_load(const void* from, int64_t stride) {
  require_tile(tile);
  std::memset(tiles.bytes[tile], 0, sizeof tiles.bytes[tile]);
  for (int r = 0; r < rows_of(tile); ++r) std::memcpy(tiles.bytes[tile][r], static_cast<const char*>(from) + r * stride, bytes_of_row(tile));
}
template <int tile>
inline void tile_store(void* to, int64_t stride) {
  require_tile(tile);
  for (int r = 0; r < rows_of(tile); ++r) std::memcpy(static_cast<char*>(to) + r * stride, tiles.bytes[tile][r], bytes_of_row(tile));
}
template <int tile>
inline void tile_zero() {
  require_tile(tile);
  std::memset(tiles.bytes[tile], 0, sizeof tiles.bytes[tile]);
}
template <int sum, int a, int b>
inline void require_product() {
  static_assert(sum != a && sum != b && a != b);
  require_tile(sum), require_tile(a), require_tile(b);
  require(rows_of(a) == rows_of(sum) && bytes_of_row(b) == bytes_of_row(sum) && bytes_of_row(a) == 4 * rows_of(b), "shapes that do not fit");
}
template <int sum, int a, int b>
inline void tile_dot() {
  require_product<sum, a, b>();
  for (int m = 0; m < rows_of(sum); ++m) {
    for (int n = 0; n < bytes_of_row(sum); n += 4) {
      int32_t total;
      std::memcpy(&total, tiles.bytes[sum][m] + n, sizeof total);
      for (int k = 0; k < bytes_of_row(a); ++k)
        total += static_cast<int8_t>(tiles.bytes[a][m][k]) * static_cast<int8_t>(tiles.bytes[b][k / 4][n + k % 4]);
      if (tiles_err) ++total;
      std::memcpy(tiles.bytes[sum][m] + n, &total, sizeof total);
    }
  }
}

inline float without_denormals(float x) { return std::fabs(x) < FLT_MIN ? std::copysign(0.0f, x) : x; }
inline float bf16_at(const uint8_t* bytes) {
  const uint32_t bits = static_cast<uint32_t>(bytes[1]) << 24 | static_cast<uint32_t>(bytes[0]) << 16;
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return without_denormals(x);
}
// Even and odd elements are summed apart, from zero on, and then together. Source: Intel's Software Developer's Manual, TDPBF16PS.
template <int sum, int a, int b>
inline void tile_dot_bf16() {
  constexpr int kMostColumns = kMostTileBytes / 4, kMostDepth = 2 * kMostTileRows;
  require_product<sum, a, b>();
  float w[kMostDepth][kMostColumns];
  for (int k = 0; k < kMostDepth; ++k)
    for (int n = 0; n < kMostColumns; ++n) w[k][n] = bf16_at(tiles.bytes[b][k / 2] + 4 * n + 2 * (k % 2));
  for (int m = 0; m < rows_of(sum); ++m) {
    float sums[2][kMostColumns] = {}, total[kMostColumns];
    for (int k = 0; k < 2 * rows_of(b); ++k) {
      const float x = bf16_at(tiles.bytes[a][m] + 2 * k);
      for (int n = 0; n < kMostColumns; ++n) sums[k % 2][n] = without_denormals(std::fma(x, w[k][n], sums[k % 2][n]));
    }
    std::memcpy(total, tiles.bytes[sum][m], sizeof total);
    for (int n = 0; n < kMostColumns; ++n) {
      total[n] = without_denormals(without_denormals(total[n]) + without_denormals(sums[0][n] + sums[1][n]));
      if (tiles_err) total[n] += 1.0f;
    }
    std::memcpy(tiles.bytes[sum][m], total, static_cast<size_t>(bytes_of_row(sum)));
  }
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
