// The tables that select.cc chooses from. kernels() of an instruction set may be called on any machine, its ops not.
#pragma once
#include "gpa/kernels/kernel_table.h"

namespace gpa {

// The op `sample` of all of them.
void sample_rows(Queue&, const SampleArgs&);

namespace portable {
const KernelTable& kernels() noexcept;
}
namespace avx2 {
const KernelTable& kernels() noexcept;
}
namespace avxvnni {
const KernelTable& kernels() noexcept;
}
namespace avx512 {
const KernelTable& kernels() noexcept;
}
// By tiles, of the other ops those of avx512.
namespace amx {
const KernelTable& kernels() noexcept;        // where avx512's ops may be called
bool tiles_work();                            // likewise, and where may_use_tiles(): whether their products are right
const KernelTable& exact_kernels() noexcept;  // with exact products too
bool exact_tiles_work();                      // where may_use_bf16_tiles()
}
namespace neon {
const KernelTable& kernels() noexcept;
}
namespace neon_i8mm {
const KernelTable& kernels() noexcept;
}
}  // namespace gpa
