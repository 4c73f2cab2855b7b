// The table of one instruction set: GPA_ISA_NAMESPACE::kernels().
#pragma once
#include "cpu/attention.h"
#include "cpu/elementwise.h"
#include "cpu/linear.h"
#include "cpu/nearest.h"
#include "cpu/norm.h"
#include "cpu/rope.h"

#define GPA_STRING_OF(name) #name
#define GPA_STRING(name) GPA_STRING_OF(name)

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

constexpr KernelTable kTable = {
    .name = GPA_STRING(GPA_ISA_NAMESPACE),
    .linears = linears,
    .conv1d = conv1d,
    .conv_transpose1d = conv_transpose1d,
    .depthwise_conv1d = depthwise_conv1d,
    .layer_norm = layer_norm,
    .rms_norm = rms_norm,
    .rope = rope,
    .attentions = attentions,
    .snake = snake,
    .gated = gated,
    .activate = activate,
    .affine = affine,
    .embed = embed,
    .mean_rows = mean_rows,
    .nearest = nearest,
};

}  // namespace

const KernelTable& kernels() { return kTable; }

}  // namespace gpa::GPA_ISA_NAMESPACE
