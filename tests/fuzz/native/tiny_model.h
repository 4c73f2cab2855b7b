// The smallest whole model file: every network with widths of a few channels.
#pragma once
#include "gguf_image.h"

namespace gpa::fuzz {

// Metadata is written here; the tensors are what the library asks for, found by opening the file until it opens: each refusal names
// a tensor and the shape that it expects. Aborts with the refusal when it is of another kind, as after a change of the format.
GgufImage tiny_model();

}  // namespace gpa::fuzz
