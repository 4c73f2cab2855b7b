#define GPA_ISA_AVX512
#define GPA_ISA_AMX
#define GPA_ISA_NAMESPACE amx

#include "cpu/isa.h"
#include "cpu/tile_table.h"

namespace gpa::amx {
namespace {

const KernelTable& without_tiles() noexcept { return avx512::kernels(); }

}  // namespace

const KernelTable& kernels() noexcept {
  static const KernelTable table = table_with_tiles<false>("amx");
  return table;
}
const KernelTable& exact_kernels() noexcept {
  static const KernelTable table = table_with_tiles<true>("amx");
  return table;
}

}  // namespace gpa::amx
