#include "tile_permission.h"

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace gpa {
namespace {

uint64_t saved_state() {
  uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return static_cast<uint64_t>(high) << 32 | low;
}

// Linux grants the 8 KB of state to processes that ask. Source: Documentation/arch/x86/xstate.rst.
bool permission() {
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

TileFacts facts_of_this_machine() {
  uint32_t a = 0, b = 0, leaf1_ecx = 0, leaf7_edx = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &leaf1_ecx, &d) || !__get_cpuid_count(7, 0, &a, &b, &c, &leaf7_edx)) leaf1_ecx = leaf7_edx = 0;
  return {leaf1_ecx, leaf7_edx, saved_state, permission};
}

}  // namespace

bool may_use_tiles(const TileFacts& facts) {
  constexpr uint32_t kHasXgetbv = 1u << 27, kTilesOfInt8 = 3u << 24;
  constexpr uint64_t kTileState = 3u << 17;
  return (facts.leaf1_ecx & kHasXgetbv) && (facts.leaf7_edx & kTilesOfInt8) == kTilesOfInt8 && (facts.saved_state() & kTileState) == kTileState &&
         facts.permission();
}

bool may_use_bf16_tiles(const TileFacts& facts) {
  constexpr uint32_t kTilesOfBf16 = 1u << 22;
  return (facts.leaf7_edx & kTilesOfBf16) && may_use_tiles(facts);
}

bool may_use_tiles() { return may_use_tiles(facts_of_this_machine()); }
bool may_use_bf16_tiles() { return may_use_bf16_tiles(facts_of_this_machine()); }

}  // namespace gpa
