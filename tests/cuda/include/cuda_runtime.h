// Stands for CUDA's header of this name where .cu sources are compiled as C++ and run on the CPU.
#pragma once
#include "cuda_emulation/math.h"
#include "cuda_emulation/runtime.h"
#include "cuda_emulation/thread.h"
#include "cuda_emulation/types.h"
