// Tile registers in plain C++, for machines without: tiles.h for a test. What the hardware refuses ends the program.
#pragma once
#include <atomic>
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
inline void tile_dot() {
  static_assert(sum != a && sum != b && a != b);
  require_tile(sum), require_tile(a), require_tile(b);
  require(rows_of(a) == rows_of(sum) && bytes_of_row(b) == bytes_of_row(sum) && bytes_of_row(a) == 4 * rows_of(b), "shapes that do not fit");
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

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
