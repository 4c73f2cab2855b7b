// What Rounding::kInt8 means, for the reference and the kernels alike.
#pragma once

namespace gpa {

// Blocks whose values are all smaller count as zeros: 127 / max |x| would be no float below 2^-121.
static constexpr float kLeastRounded = 0x1p-100f;

}  // namespace gpa
