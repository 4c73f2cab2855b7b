#include "kernels/emulated_amx.h"

#define GPA_ISA_WIDE
#define GPA_ISA_AMX
#define GPA_TILES_EMULATED
#define GPA_ISA_NAMESPACE amx_emulated

#include "kernels/emulated_tiles.h"

#include "cpu/tile_table.h"

namespace gpa::amx_emulated {
namespace {

const KernelTable& without_tiles() noexcept { return *twin(); }

}  // namespace

// This file is compiled for the same instructions, so that both fuse the same multiplications and additions.
const KernelTable* twin() {
#if defined(__AVX2__)
  return find_kernels("avx2");
#else
  return find_kernels("portable");
#endif
}

const KernelTable& kernels() {
  static const KernelTable table = table_with_tiles<true>("amx_emulated");
  return table;
}

const KernelTable& rounded_kernels() {
  static const KernelTable table = table_with_tiles<false>("amx_emulated");
  return table;
}

void spoil_tiles(bool spoilt) { tiles_err = spoilt; }
int threads_with_tiles() { return configured_threads; }

void use_released_tile() {
  begin_products<DType::kQ8_0>();
  end_products();
  tile_zero<kSumsTile>();
}

void use_shapes_that_do_not_fit() {
  begin_products<DType::kQ8_0>();
  tile_dot<kWeightsTile, kLevelsTile, kSumsTile>();
}

}  // namespace gpa::amx_emulated
