#define GPA_ISA_NAMESPACE portable

#include "cpu/isa.h"
#include "cpu/table.h"
