#define GPA_ISA_AVX2
#define GPA_ISA_AVXVNNI
#define GPA_ISA_NAMESPACE avxvnni

#include "cpu/isa.h"
#include "cpu/table.h"
