// Prints the kernel sets that this machine can run, best first, one a line.
#include <cstdio>

#include "gpa/kernels/kernel_table.h"

int main() {
  for (auto* name = gpa::available_kernels(); *name; ++name) std::puts(*name);
}
