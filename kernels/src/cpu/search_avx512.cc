#define GPA_ISA_AVX512
#define GPA_ISA_NAMESPACE avx512

#include "cpu/search.h"
