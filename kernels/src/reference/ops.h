// The ops of the reference table; what they compute stands in kernel_table.h.
#pragma once
#include <vector>

#include "gpa/kernels/kernel_table.h"

namespace gpa::reference {

void linears(ThreadPool&, const LinearArgs* maps, int64_t count);
void conv1d(ThreadPool&, const Conv1dArgs&);
void conv_transpose1d(ThreadPool&, const ConvTranspose1dArgs&);
void depthwise_conv1d(ThreadPool&, const DepthwiseConv1dArgs&);
void layer_norm(ThreadPool&, const LayerNormArgs&);
void rms_norm(ThreadPool&, const RmsNormArgs&);
void rope(ThreadPool&, const RopeArgs&);
void attentions(ThreadPool&, const AttentionArgs* sequences, int64_t count);
void snake(ThreadPool&, const SnakeArgs&);
void gated(ThreadPool&, const GatedArgs&);
void activate(ThreadPool&, const ActivateArgs&);
void affine(ThreadPool&, const AffineArgs&);
void embed(ThreadPool&, const EmbedArgs&);
void mean_rows(ThreadPool&, const MeanRowsArgs&);
void nearest(ThreadPool&, const NearestArgs&);

double activation_of(Activation activation, double x);

// y of one element: row m, column n of a product with `cols` columns whose sum is `sum`.
float epilogue_of(const Epilogue& epilogue, int64_t m, int64_t n, int64_t cols, double sum);

// x [rows, cols] as the rounding of a product with weights of that type leaves it; empty where it leaves x alone.
std::vector<float> rounded(Rounding rounding, DType weights, const float* x, int64_t rows, int64_t cols);

// Row `row` of a weight as f32, into out [w.cols].
void read_row(const Weight& w, int64_t row, float* out);

}  // namespace gpa::reference
