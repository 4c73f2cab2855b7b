// The tables that select.cc chooses from. kernels() of an instruction set may be called on any machine, its ops not.
#pragma once
#include "gpa/kernels/kernel_table.h"

namespace gpa {

// The op `sample` of all of them.
void sample_rows(Queue&, const SampleArgs&);

namespace portable {
const KernelTable& kernels();
}
namespace avx2 {
const KernelTable& kernels();
}
namespace avxvnni {
const KernelTable& kernels();
}
namespace avx512 {
const KernelTable& kernels();
}
namespace neon {
const KernelTable& kernels();
}
namespace neon_i8mm {
const KernelTable& kernels();
}
}  // namespace gpa
