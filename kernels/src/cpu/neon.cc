#define GPA_ISA_NEON
#define GPA_ISA_NAMESPACE neon

#include "cpu/isa.h"
#include "cpu/table.h"
