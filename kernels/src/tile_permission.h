// Whether this process may multiply int8 and bf16 by tile registers (Intel AMX).
#pragma once
#include <cstdint>

namespace gpa {

// What the processor and the operating system say of it.
struct TileFacts {
  uint32_t leaf1_ecx, leaf7_edx;  // CPUID
  uint64_t (*saved_state)();      // XCR0; asked only where the processor can say it
  bool (*permission)();           // asked last: what is granted stays so
};

bool may_use_tiles(const TileFacts&);
bool may_use_bf16_tiles(const TileFacts&);

// On this machine.
bool may_use_tiles();
bool may_use_bf16_tiles();

}  // namespace gpa
