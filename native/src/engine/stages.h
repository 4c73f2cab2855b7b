// Single networks on named inputs: for verification, benchmarks and tools. docs/networks.md lists them.
#pragma once
#include <span>

#include "gpa/gpa.h"
#include "engine/compute.h"
#include "models/model.h"

namespace gpa {

// Runs one stage on threads and memory of its own; trace receives what it computes. Errors: those of gpa_network_run.
void run_stage(const Model& model, const Compute& compute, const char* network, std::span<const gpa_tensor> inputs,
               gpa_trace_fn trace, void* user);

}  // namespace gpa
