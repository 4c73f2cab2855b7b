// Tile registers (Intel AMX): up to 16 rows of up to 64 bytes. A thread configures them, uses them and releases them.
// The compiler's own functions do not say what memory they read and write.
#pragma once
#include <stdint.h>

#include "cpu/tile_shapes.h"

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

inline void tiles_configure(const TileShapes& shapes) { asm volatile("ldtilecfg %0" ::"m"(shapes)); }
inline void tiles_release() { asm volatile("tilerelease"); }

// Rows of the tile lie `stride` bytes apart.
template <int tile>
inline void tile_load(const void* from, int64_t stride) {
  asm volatile("tileloadd (%1,%2,1), %%tmm%c0" ::"i"(tile), "r"(from), "r"(stride) : "memory");
}
template <int tile>
inline void tile_store(void* to, int64_t stride) {
  asm volatile("tilestored %%tmm%c0, (%1,%2,1)" ::"i"(tile), "r"(to), "r"(stride) : "memory");
}
template <int tile>
inline void tile_zero() {
  asm volatile("tilezero %%tmm%c0" ::"i"(tile));
}

// sum[m][n] += the four products of bytes 4 k ... 4 k + 3 of a[m] and 4 n ... 4 n + 3 of b[k], for every k. All are signed.
template <int sum, int a, int b>
inline void tile_dot() {
  asm volatile("tdpbssd %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(sum), "i"(a), "i"(b));
}
// sum[m][n] += the two products of bf16 2 k and 2 k + 1 of a[m] and 2 n and 2 n + 1 of b[k], for every k, in f32. Denormals are zero.
template <int sum, int a, int b>
inline void tile_dot_bf16() {
  asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(sum), "i"(a), "i"(b));
}

}  // namespace
}  // namespace gpa::GPA_ISA_NAMESPACE
