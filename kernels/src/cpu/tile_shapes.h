// The memory that configures tile registers. Source: Intel's Software Developer's Manual, LDTILECFG.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

constexpr int kMostTiles = 8, kMostTileRows = 16, kMostTileBytes = 64;

struct alignas(64) TileShapes {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {};  // of tile 0, 1, …: only kMostTiles are there
  uint8_t rows[16] = {};
};
static_assert(sizeof(TileShapes) == 64 && offsetof(TileShapes, row_bytes) == 16 && offsetof(TileShapes, rows) == 48);

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
