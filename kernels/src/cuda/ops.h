// The ops of the CUDA table; what they compute stands in kernel_table.h. They only give work to the queue's stream, so that a
// sequence of them can be captured into a graph.
#pragma once
#include "gpa/kernels/kernel_table.h"

namespace gpa::cuda {

void linears(Queue&, const LinearArgs* maps, int64_t count);
void conv1d(Queue&, const Conv1dArgs&);
void conv_transpose1d(Queue&, const ConvTranspose1dArgs&);
void depthwise_conv1d(Queue&, const DepthwiseConv1dArgs&);
void layer_norm(Queue&, const LayerNormArgs&);
void rms_norm(Queue&, const RmsNormArgs&);
void rotate_and_store(Queue&, const RotateAndStoreArgs&);
void attention(Queue&, const AttentionArgs&);
void activate(Queue&, const ActivateArgs&);
void affine(Queue&, const AffineArgs&);
void embed(Queue&, const EmbedArgs&);
void mean_rows(Queue&, const MeanRowsArgs&);
void nearest(Queue&, const NearestArgs&);
void sample(Queue&, const SampleArgs&);

const KernelTable& table();

}  // namespace gpa::cuda
