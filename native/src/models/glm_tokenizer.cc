// wav -> log-mel 100 Hz -> causal conv k3 -> GELU -> causal conv k3 /2 -> GELU -> + positions
//     -> n x pre-norm block (block-causal attention) -> mean of 4 frames -> nearest code -> ids at 12.5 Hz
// A frame sees the frames before it and those of its own 4 s block; frames that begin after the audio's end are never seen.
// Source: GLM-4-Voice (arXiv 2412.02612), WhisperVQEncoder; Whisper (Radford et al. 2022).
#include "models/glm_tokenizer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "error.h"
#include "layers/ops.h"

namespace gpa {
namespace {

constexpr int64_t kNfft = 400;
constexpr int64_t kHop = 160;
constexpr int64_t kTaps = 3;
constexpr int64_t kFrameSamples = 2 * kHop;  // of a frame after the strided convolution
constexpr float kEpsilon = 1e-5f;
constexpr int64_t kMaxExtent = 1 << 24;
// Audio is padded to whole tokens, and a spectrogram has so many columns: what a file may make of a short clip.
constexpr int64_t kMaxPooling = 64, kMaxMelBins = 512;

// log10, no more than 8 below the window's maximum, moved to about [-1, 1].
void compress(float* mel, int64_t count) {
  float highest = -std::numeric_limits<float>::infinity();
  for (int64_t i = 0; i < count; ++i) {
    mel[i] = static_cast<float>(std::log10(std::max(mel[i], 1e-10f)));
    highest = std::max(highest, mel[i]);
  }
  for (int64_t i = 0; i < count; ++i) mel[i] = (std::max(mel[i], highest - 8.0f) + 4.0f) / 4.0f;
}

}  // namespace

GlmTokenizer::GlmTokenizer(const GgufFile& file)
    : dim_(file.integer("gpa.glm.embedding_length", 1, kMaxExtent)),
      max_positions_(file.integer("gpa.glm.max_positions", 1, kMaxExtent)),
      causal_block_(file.integer("gpa.glm.causal_block", 1, kMaxExtent)),
      pooling_(file.integer("gpa.glm.pooling", 1, std::min(kMaxPooling, max_positions_))),
      mel_bins_(file.integer("gpa.glm.mel_bins", 1, kMaxMelBins)),
      front_end_({16000.0, kNfft, kNfft, kHop, mel_bins_, 0.0, 8000.0, true}) {
  const Weights weights(file, "glm");
  const int64_t ffn = file.integer("gpa.glm.feed_forward_length", 1, kMaxExtent);
  const int64_t heads = file.integer("gpa.glm.head_count", 1, dim_);
  const int64_t block_count = file.integer("gpa.glm.block_count", 0, 1024);
  conv1_ = weights.linear("conv1", dim_, kTaps * mel_bins_);
  conv2_ = weights.linear("conv2", dim_, kTaps * dim_);
  positions_ = weights.vector("positions", max_positions_ * dim_);
  for (int64_t i = 0; i < block_count; ++i) blocks_.emplace_back(weights.at("blk", i), dim_, ffn, heads, false, kEpsilon);
  code_count_ = weights.shape("codebook")[0];
  codebook_ = weights.vector("codebook", code_count_ * dim_);
}

void GlmTokenizer::mel(Context& ctx, const float* wav, int64_t samples, Matrix* mel) const {
  if (samples <= 0) fail(GPA_ERROR_AUDIO, "the audio is empty");
  if (samples > max_window_samples()) {
    fail(GPA_ERROR_AUDIO, "a window of %lld samples is longer than the %lld that the GLM tokenizer takes",
         static_cast<long long>(samples), static_cast<long long>(max_window_samples()));
  }
  const int64_t token_samples = pooling_ * kFrameSamples;
  const int64_t padded = (samples + token_samples - 1) / token_samples * token_samples;
  *mel = ctx.arena.host_matrix(padded / kHop, mel_bins_);
  Arena::Scope scope(ctx.arena);
  const Matrix audio = ctx.arena.host_matrix(1, padded);
  std::copy(wav, wav + samples, audio.data);
  std::fill(audio.data + samples, audio.data + padded, 0.0f);
  front_end_.compute(ctx.queue.host(), audio.data, padded, mel->rows, mel->data);
  compress(mel->data, mel->rows * mel->cols);
  ctx.trace_host("glm_mel", *mel);
}

void GlmTokenizer::encode(Context& rounded, const Matrix& mel, int64_t samples, std::vector<int32_t>* ids) const {
  Context ctx = rounded.exact();
  const int64_t token_samples = pooling_ * kFrameSamples;
  const int64_t tokens = (samples + token_samples - 1) / token_samples;
  if (samples <= 0 || samples > max_window_samples() || mel.cols != mel_bins_ || mel.rows != tokens * token_samples / kHop) {
    fail(GPA_ERROR_INVALID_ARGUMENT, "glm_mel [%lld, %lld] does not belong to a window of %lld samples",
         static_cast<long long>(mel.rows), static_cast<long long>(mel.cols), static_cast<long long>(samples));
  }
  Arena::Scope scope(ctx.arena);
  const Matrix x = ctx.arena.matrix(tokens * pooling_, dim_);
  {
    Arena::Scope conv_scope(ctx.arena);
    const Matrix h = ctx.arena.matrix(mel.rows, dim_);
    conv1d(ctx, ctx.upload(mel), conv1_, {.taps = kTaps, .pad_left = kTaps - 1}, h);
    ctx.trace("glm_conv1", h);
    activate(ctx, h, Activation::kGelu);
    conv1d(ctx, h, conv2_, {.taps = kTaps, .stride = 2, .pad_left = kTaps - 1}, x);
    ctx.trace("glm_conv2", x);
    activate(ctx, x, Activation::kGelu);
  }
  affine(ctx, x, nullptr, nullptr, positions_, x);
  ctx.trace("glm_embed", x);

  const EncoderFrames frames =
      EncoderFrames::make(ctx, x.rows, dim_, (samples + kFrameSamples - 1) / kFrameSamples, Mask::kBlockCausal, causal_block_);
  for (size_t i = 0; i < blocks_.size(); ++i) {
    blocks_[i].forward(rounded, x, frames);
    if (i == 0) ctx.trace("glm_layer0", x);
  }
  ctx.trace("glm_layer_last", x);

  const Matrix pooled = ctx.arena.matrix(tokens, dim_);
  ctx.kernels.mean_rows(ctx.queue, {x.data, x.rows, dim_, pooling_, pooled.data});
  ctx.trace("glm_pooled", pooled);
  nearest_codes(ctx, pooled, codebook_, code_count_, Metric::kEuclidean, "glm_ids", "glm_margin", ids);
}

void GlmTokenizer::tokenize(Context& ctx, const float* wav, int64_t samples, std::vector<int32_t>* ids) const {
  if (samples <= 0) fail(GPA_ERROR_AUDIO, "the audio is empty");
  ids->clear();
  std::vector<int32_t> window_ids;
  for (int64_t begin = 0; begin < samples; begin += max_window_samples()) {
    Arena::Scope scope(ctx.arena);
    const int64_t count = std::min(max_window_samples(), samples - begin);
    Matrix window;
    mel(ctx, wav + begin, count, &window);
    encode(ctx, window, count, &window_ids);
    ids->insert(ids->end(), window_ids.begin(), window_ids.end());
  }
}

}  // namespace gpa
