// The table of one instruction set: GPA_ISA_NAMESPACE::kernels().
#pragma once
#include "cpu/attention.h"
#include "cpu/elementwise.h"
#include "cpu/isa.h"
#include "cpu/linear.h"
#include "cpu/nearest.h"
#include "cpu/norm.h"
#include "cpu/rotate_and_store.h"

#define GPA_STRING_OF(name) #name
#define GPA_STRING(name) GPA_STRING_OF(name)

namespace gpa::GPA_ISA_NAMESPACE {
namespace {

// The CPU's queue is a thread pool.
template <class Args, void (*op)(ThreadPool&, const Args&)>
void on_pool(Queue& queue, const Args& args) {
  op(static_cast<ThreadPool&>(queue), args);
}
void linears_on_pool(Queue& queue, const LinearArgs* maps, int64_t count) { linears(static_cast<ThreadPool&>(queue), maps, count); }

constexpr KernelTable kTable = {
    .name = GPA_STRING(GPA_ISA_NAMESPACE),
    .linears = linears_on_pool,
    .conv1d = on_pool<Conv1dArgs, conv1d>,
    .conv_transpose1d = on_pool<ConvTranspose1dArgs, conv_transpose1d>,
    .depthwise_conv1d = on_pool<DepthwiseConv1dArgs, depthwise_conv1d>,
    .layer_norm = on_pool<LayerNormArgs, layer_norm>,
    .rms_norm = on_pool<RmsNormArgs, rms_norm>,
    .rotate_and_store = on_pool<RotateAndStoreArgs, rotate_and_store>,
    .attention = on_pool<AttentionArgs, attention>,
    .activate = on_pool<ActivateArgs, activate>,
    .affine = on_pool<AffineArgs, affine>,
    .embed = on_pool<EmbedArgs, embed>,
    .mean_rows = on_pool<MeanRowsArgs, mean_rows>,
    .nearest = on_pool<NearestArgs, nearest>,
    .sample = sample_rows,
    .pack = pack,
    .panel_rows = panel_rows,
};

}  // namespace

const KernelTable& kernels() noexcept { return kTable; }

}  // namespace gpa::GPA_ISA_NAMESPACE
