#define GPA_ISA_AVX2
#define GPA_ISA_NAMESPACE avx2

#include "cpu/isa.h"
#include "cpu/table.h"
