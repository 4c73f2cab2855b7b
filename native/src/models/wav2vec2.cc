// wav -> zero mean, unit variance -> 7 x [conv, no padding -> LayerNorm -> GELU] -> LayerNorm -> linear = projected
//     -> projected + GELU(grouped conv k128(projected)) = hidden 0 -> n x pre-norm block -> mean of the feature layers' inputs
// Source: Baevski et al. 2020, Conneau et al. 2020 (XLSR-53); HF Wav2Vec2Model with feat_extract_norm "layer" and
// do_stable_layer_norm. Only the blocks below the highest feature layer exist here.
#include "models/wav2vec2.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "error.h"
#include "layers/ops.h"

namespace gpa {
namespace {

constexpr int64_t kMaxExtent = 1 << 24;
constexpr size_t kMaxFeatureLayers = 64;
constexpr double kVarianceFloor = 1e-7;
// Frames that the convolutions compute at once (10 s): their first layers hold 64 and more times the memory of the audio.
constexpr int64_t kWindowFrames = 512;

// Source: HF Wav2Vec2FeatureExtractor.zero_mean_unit_var_norm.
void standardize(const float* wav, int64_t samples, float* out) {
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < samples; ++i) sum += wav[i];
  const double mean = sum / static_cast<double>(samples);
  for (int64_t i = 0; i < samples; ++i) squares += (wav[i] - mean) * (wav[i] - mean);
  const double scale = 1.0 / std::sqrt(squares / static_cast<double>(samples) + kVarianceFloor);
  for (int64_t i = 0; i < samples; ++i) out[i] = static_cast<float>((wav[i] - mean) * scale);
}

}  // namespace

Wav2Vec2::Wav2Vec2(const GgufFile& file)
    : dim_(file.integer("gpa.wav2vec2.embedding_length", 1, kMaxExtent)),
      positional_taps_(file.integer("gpa.wav2vec2.positional_taps", 1, 65536)),
      positional_groups_(file.integer("gpa.wav2vec2.positional_groups", 1, dim_)),
      epsilon_(file.positive("gpa.wav2vec2.layer_norm_epsilon")) {
  const Weights weights(file, "wav2vec2");
  const auto channels = file.integers("gpa.wav2vec2.conv_dim", 1, kMaxExtent);
  const auto taps = file.integers("gpa.wav2vec2.conv_taps", 1, 4096);
  const auto strides = file.integers("gpa.wav2vec2.conv_stride", 1, 4096);
  int64_t hop = 1;
  for (const int64_t stride : strides) hop = std::min(hop * stride, kMaxExtent);
  const size_t layers = channels.size();
  if (layers == 0 || layers > 32 || taps.size() != layers || strides.size() != layers || hop == kMaxExtent ||
      dim_ % positional_groups_ != 0) {
    fail(GPA_ERROR_MODEL_FORMAT, "%s: gpa.wav2vec2.{conv_dim,conv_taps,conv_stride,positional_groups} do not fit together",
         file.path().c_str());
  }
  int64_t in_channels = 1;
  for (size_t i = 0; i < layers; ++i) {
    const Weights at = weights.at("conv", static_cast<int64_t>(i));
    ConvLayer layer{channels[i], taps[i], strides[i], {}, at.norm("norm", channels[i])};
    layer.conv = {at.matrix("weight", channels[i], taps[i] * in_channels), at.vector("bias", channels[i])};
    convs_.push_back(layer);
    in_channels = channels[i];
  }
  projection_norm_ = weights.norm("projection.norm", in_channels);
  projection_ = weights.linear("projection", dim_, in_channels);
  positional_ = weights.linear("positional", dim_, positional_taps_ * (dim_ / positional_groups_));

  const int64_t ffn = file.integer("gpa.wav2vec2.feed_forward_length", 1, kMaxExtent);
  const int64_t heads = file.integer("gpa.wav2vec2.head_count", 1, dim_);
  const int64_t block_count = file.integer("gpa.wav2vec2.block_count", 0, 1024);
  feature_layers_ = file.integers("gpa.wav2vec2.feature_layers", 0, block_count);
  if (feature_layers_.empty() || feature_layers_.size() > kMaxFeatureLayers) {
    fail(GPA_ERROR_MODEL_FORMAT, "%s: gpa.wav2vec2.feature_layers is empty or has more than %zu elements", file.path().c_str(), kMaxFeatureLayers);
  }
  const int64_t needed = *std::max_element(feature_layers_.begin(), feature_layers_.end());
  for (int64_t i = 0; i < needed; ++i) blocks_.emplace_back(weights.at("blk", i), dim_, ffn, heads, true, epsilon_);
}

int64_t Wav2Vec2::frames(int64_t samples) const {
  for (const ConvLayer& layer : convs_) samples = samples < layer.taps ? 0 : (samples - layer.taps) / layer.stride + 1;
  return samples;
}

// out [frames(samples), channels]: the whole stack on one piece of the input.
void Wav2Vec2::convolve_window(Context& ctx, const float* input, int64_t samples, Matrix out, bool traced) const {
  Arena::Scope scope(ctx.arena);
  // The layers before the last take turns in two buffers: the first layer's result is the largest, the second's the next.
  Matrix buffers[2];
  Matrix x{const_cast<float*>(input), samples, 1};
  for (size_t i = 0; i < convs_.size(); ++i) {
    const ConvLayer& layer = convs_[i];
    const int64_t rows = (x.rows - layer.taps) / layer.stride + 1;
    Matrix y = out;
    if (i + 1 < convs_.size()) {
      Matrix& buffer = buffers[i % 2];
      if (buffer.rows * buffer.cols < rows * layer.channels) buffer = ctx.arena.matrix(rows, layer.channels);
      y = {buffer.data, rows, layer.channels};
    }
    conv1d(ctx, x, layer.conv, {.taps = layer.taps, .stride = layer.stride}, y);
    layer_norm(ctx, y, layer.norm, epsilon_, y);
    activate(ctx, y, Activation::kGelu);
    if (i == 0 && traced) ctx.trace("w2v_conv0", y);
    x = y;
  }
}

// out [frames(samples), channels], window by window; every window sees all the samples its frames depend on.
void Wav2Vec2::convolve(Context& ctx, const float* input, int64_t samples, Matrix out) const {
  if (ctx.trace_fn || out.rows <= kWindowFrames) {
    convolve_window(ctx, input, samples, out, true);
    return;
  }
  int64_t hop = 1, reach = 1;
  for (const ConvLayer& layer : convs_) {
    reach += (layer.taps - 1) * hop;
    hop *= layer.stride;
  }
  for (int64_t begin = 0; begin < out.rows; begin += kWindowFrames) {
    const int64_t count = std::min(kWindowFrames, out.rows - begin);
    convolve_window(ctx, input + begin * hop, (count - 1) * hop + reach, {out.data + begin * out.cols, count, out.cols}, false);
  }
}

void Wav2Vec2::add_positions(Context& ctx, Matrix x) const {
  Arena::Scope scope(ctx.arena);
  const Matrix positions = ctx.arena.matrix(x.rows, dim_);
  const ConvShape shape{.taps = positional_taps_, .groups = positional_groups_, .pad_left = positional_taps_ / 2};
  conv1d(ctx, x, positional_, shape, positions, {.activation = Activation::kGelu});
  ctx.trace("w2v_positional", positions);
  add(ctx, positions, x);
}

Matrix Wav2Vec2::features(Context& rounded, const float* wav_normalized, int64_t samples) const {
  Context ctx = rounded.exact();
  const int64_t rows = frames(samples);
  if (rows < 1) fail(GPA_ERROR_AUDIO, "audio of %lld samples is too short: wav2vec2 needs 400", static_cast<long long>(samples));
  const Matrix features = ctx.arena.matrix(rows, dim_);
  Arena::Scope scope(ctx.arena);
  const Matrix x = ctx.arena.matrix(rows, dim_);
  {
    Arena::Scope conv_scope(ctx.arena);
    const Matrix standard = ctx.arena.host_matrix(1, samples);
    standardize(wav_normalized, samples, standard.data);
    ctx.trace_host("w2v_input", standard);
    const Matrix input = ctx.upload(standard);
    const Matrix convolved = ctx.arena.matrix(rows, convs_.back().channels);
    convolve(ctx, input.data, samples, convolved);
    ctx.trace("w2v_conv", convolved);
    layer_norm(ctx, convolved, projection_norm_, epsilon_, convolved);
    linear(ctx, convolved, projection_, x);
    ctx.trace("w2v_projected", x);
  }
  add_positions(ctx, x);

  const Matrix shares = ctx.arena.host_matrix(1, dim_);
  std::fill(shares.data, shares.data + dim_, 1.0f / static_cast<float>(feature_layers_.size()));
  const Matrix share = ctx.upload(shares);
  const EncoderFrames frames = EncoderFrames::make(ctx, rows, dim_, rows, Mask::kFull);
  bool started = false;
  for (int64_t n = 0;; ++n) {
    const int64_t wanted = std::count(feature_layers_.begin(), feature_layers_.end(), n);
    if (n <= 1 || wanted > 0) ctx.trace(("w2v_hidden_" + std::to_string(n)).c_str(), x);
    for (int64_t i = 0; i < wanted; ++i, started = true) {
      affine(ctx, x, share.data, nullptr, started ? features.data : nullptr, features);
    }
    if (n == static_cast<int64_t>(blocks_.size())) break;
    blocks_[static_cast<size_t>(n)].forward(rounded, x, frames);
  }
  ctx.trace("w2v_feat", features);
  return features;
}

}  // namespace gpa
