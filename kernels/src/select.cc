#if defined(GPA_X86_64)
#include <cpuid.h>
#elif defined(GPA_AARCH64)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include <cstdlib>
#include <cstring>

#include "cpu/isa.h"
#include "gpa/kernels/kernel_table.h"
#include "tile_permission.h"

namespace gpa {
namespace {

constexpr int kMostTables = 6;

#if defined(GPA_X86_64)
// Not every compiler's __builtin_cpu_supports knows these names.
bool has_f16c() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C) != 0;
}
bool has_avxvnni() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1) != 0;
}
#endif

// What this machine can run, best first.
struct Tables {
  const KernelTable* table[kMostTables];
  const char* name[kMostTables + 1] = {};
  int count = 0;

  Tables() {
#if defined(GPA_X86_64)
    // These ask the operating system too (XGETBV): wide registers that it does not save are of no use.
    __builtin_cpu_init();
    const bool has_avx2 =
        __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
    const bool has_avx512 = has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                            __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni");
    if (has_avx512 && may_use_tiles() && amx::tiles_work())
      add(may_use_bf16_tiles() && amx::exact_tiles_work() ? amx::exact_kernels() : amx::kernels());
    if (has_avx512) add(avx512::kernels());
    if (has_avx2 && has_avxvnni()) add(avxvnni::kernels());
    if (has_avx2) add(avx2::kernels());
#elif defined(GPA_AARCH64)
    const bool has_dot = (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
    if (has_dot && (getauxval(AT_HWCAP2) & HWCAP2_I8MM)) add(neon_i8mm::kernels());
    if (has_dot) add(neon::kernels());
#endif
    add(portable::kernels());
    add(reference_kernels());
  }

  void add(const KernelTable& kernels) {
    table[count] = &kernels;
    name[count++] = kernels.name;
  }
};

const Tables& tables() {
  static const Tables found;
  return found;
}

}  // namespace

const KernelTable* find_kernels(const char* name) {
  const Tables& found = tables();
  for (int i = 0; i < found.count; ++i)
    if (name && std::strcmp(found.name[i], name) == 0) return found.table[i];
  return nullptr;
}

const KernelTable* select_kernels() {
  const char* wanted = std::getenv("GPA_ISA");
  return wanted && *wanted ? find_kernels(wanted) : tables().table[0];
}

const char* const* available_kernels() { return tables().name; }

}  // namespace gpa
