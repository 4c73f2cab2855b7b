#define GPA_ISA_NAMESPACE portable

#include "cpu/search.h"
