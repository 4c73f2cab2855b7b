#define GPA_ISA_NEON
#define GPA_ISA_I8MM
#define GPA_ISA_NAMESPACE neon_i8mm

#include "cpu/isa.h"
#include "cpu/table.h"
