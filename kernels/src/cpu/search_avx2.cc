#define GPA_ISA_AVX2
#define GPA_ISA_NAMESPACE avx2

#include "cpu/search.h"
