#include <cstdlib>
#include <cstring>

#include "gpa/kernels/kernel_table.h"

namespace gpa {
namespace {

constexpr int kMostTables = 4;

// What this machine can run, best first.
struct Tables {
  const KernelTable* table[kMostTables];
  const char* name[kMostTables + 1] = {};
  int count = 0;

  Tables() { add(reference_kernels()); }

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
