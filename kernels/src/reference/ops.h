// The ops of the reference table; what they compute stands in kernel_table.h.
#pragma once
#include <vector>

#include "gpa/kernels/kernel_table.h"

namespace gpa::reference {

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

double activation_of(Activation activation, double x);

// y = x / sqrt(mean(x^2) + eps) * w, all [cols]; x and y may be equal.
void rms_norm_row(const float* x, int64_t cols, const float* w, float eps, float* y);

// y of one element: row m, column n of a product with `cols` columns whose sum is `sum`.
float epilogue_of(const Epilogue& epilogue, int64_t m, int64_t n, int64_t cols, double sum);

// x [rows, cols] as the rounding of a product with weights of that type leaves it; empty where it leaves x alone.
float snake_of(float x, float alpha);
std::vector<float> rounded(Rounding rounding, DType weights, const float* x, int64_t rows, int64_t cols);

// Row `row` of a weight as f32, into out [w.cols].
void read_row(const Weight& w, int64_t row, float* out);

}  // namespace gpa::reference
