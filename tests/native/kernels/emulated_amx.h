// The table with tiles, on emulated ones and on vectors as wide as AVX-512's without its instructions.
#pragma once
#include "gpa/kernels/kernel_table.h"

namespace gpa::amx_emulated {

// The table that it takes its other ops from, of the same arithmetic; null where it cannot run, nor anything below.
const KernelTable* twin();
const KernelTable& kernels();
const KernelTable& rounded_kernels();  // of which exact products are its twin's
bool tiles_work();
bool exact_tiles_work();
void spoil_tiles(bool);  // products are wrong from now on, or right again
int threads_with_tiles();
void use_released_tile();
void use_shapes_that_do_not_fit();

}  // namespace gpa::amx_emulated
