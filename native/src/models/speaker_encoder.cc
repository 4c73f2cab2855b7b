// clip -> magnitude mel -> conv k5 -> ReLU -> BN = layer 1 -> 3 x [ x + SE(conv1 -> ReLU -> BN -> Res2 -> conv1 -> ReLU -> BN) ]
//      -> the three side by side -> conv1 -> ReLU -> linear = context
// latents -> 2 x [ += attention(latents, [latents ; context]);  += linear(up * GELU(gate)) ] -> y / ||y|| * sqrt(dim) * gamma
//      -> linear to 6 -> FSQ -> ids
// Res2: of 8 groups of channels, group i goes through conv k3 -> ReLU -> BN after the result of group i - 1 is added; the last passes.
// SE: scale each channel by sigmoid(linear(ReLU(linear(mean over time)))).
// Source: ECAPA-TDNN (Desplanques et al. 2020), wespeaker; perceiver resampler (Alayrac et al. 2022); Spark-TTS SpeakerEncoder.
#include "models/speaker_encoder.h"

#include <algorithm>
#include <cmath>

#include "error.h"
#include "layers/one_page.h"
#include "layers/ops.h"

namespace gpa {
namespace {

// What the file may make every voice clip cost: samples, spectrogram frames and columns, and the transform's size and primes.
constexpr int64_t kMaxClip = 1 << 20, kMaxFrames = 4096, kMaxMelBins = 512, kMaxFft = 1 << 14, kMaxFactor = 31;
constexpr int64_t kFirstTaps = 5;
constexpr int64_t kRes2Taps = 3;
constexpr int64_t kRes2Scale = 8;
constexpr int64_t kHeadDim = 64;
// torch.nn.functional.normalize divides by max(||y||, 1e-12).
constexpr float kNormEpsilon = 1e-24f;

// Whether n is a product of primes that a transform is quick with.
bool is_smooth(int64_t n) {
  for (int64_t p = 2; p <= kMaxFactor; ++p) {
    while (n % p == 0) n /= p;
  }
  return n == 1;
}

MelParams mel_params(const GgufFile& file) {
  MelParams params{};
  params.sample_rate = static_cast<double>(file.integer("gpa.codec.sample_rate", 1, 1 << 20));
  params.n_fft = file.integer("gpa.speaker.n_fft", 2, kMaxFft);
  params.win_length = file.integer("gpa.speaker.win_length", 1, params.n_fft);
  params.hop = file.integer("gpa.speaker.hop_length", 1, 1 << 16);
  params.mels = file.integer("gpa.speaker.mel_bins", 1, kMaxMelBins);
  params.fmin = file.number("gpa.speaker.mel_fmin");
  params.fmax = file.number("gpa.speaker.mel_fmax");
  if (!(params.fmin >= 0 && params.fmin + 1 <= params.fmax && params.fmax <= params.sample_rate)) {
    fail(GPA_ERROR_MODEL_FORMAT, "%s: gpa.speaker.mel_fmin and mel_fmax are no range of frequencies", file.path().c_str());
  }
  if (!is_smooth(params.n_fft)) {
    fail(GPA_ERROR_UNSUPPORTED, "%s: gpa.speaker.n_fft is %lld, which has a prime factor above %lld", file.path().c_str(),
         static_cast<long long>(params.n_fft), static_cast<long long>(kMaxFactor));
  }
  params.power = false;
  return params;
}

}  // namespace

SpeakerEncoder::SpeakerEncoder(const GgufFile& file)
    : token_count_(file.integer("gpa.speaker.token_count", 1, 4096)),
      clip_samples_(file.integer("gpa.speaker.clip_samples", 1, kMaxClip)),
      mel_bins_(file.integer("gpa.speaker.mel_bins", 1, kMaxMelBins)),
      front_end_(mel_params(file)),
      fsq_(Fsq::read(file)) {
  if (clip_samples_ <= file.integer("gpa.speaker.n_fft", 2, kMaxFft) / 2 || front_end_.frames(clip_samples_) > kMaxFrames) {
    fail(GPA_ERROR_MODEL_FORMAT, "%s: gpa.speaker.clip_samples %lld does not fit n_fft and hop_length: more than half of n_fft, at most %lld frames",
         file.path().c_str(), static_cast<long long>(clip_samples_), static_cast<long long>(kMaxFrames));
  }
  const Weights weights(file, "speaker");
  width_ = weights.shape("conv1.weight")[0];
  if (width_ % kRes2Scale != 0) {
    fail(GPA_ERROR_MODEL_FORMAT, "%s: speaker.conv1 has %lld channels, not a multiple of %lld", file.path().c_str(),
         static_cast<long long>(width_), static_cast<long long>(kRes2Scale));
  }
  conv1_ = conv_norm(weights.at("conv1"), width_, kFirstTaps * mel_bins_);
  const int64_t part = width_ / kRes2Scale;
  for (int64_t i = 0; i < 3; ++i) {
    const Weights at = weights.at("blk", i);
    SeRes2Block& block = blocks_[i];
    block.dilation = i + 2;
    block.in = conv_norm(at.at("in"), width_, width_);
    block.out = conv_norm(at.at("out"), width_, width_);
    for (int64_t j = 0; j + 1 < kRes2Scale; ++j) block.res.push_back(conv_norm(at.at("res", j), part, kRes2Taps * part));
    const int64_t bottleneck = at.shape("se_down.weight")[0];
    block.se_down = at.linear("se_down", bottleneck, width_);
    block.se_up = at.linear("se_up", width_, bottleneck);
  }
  const int64_t ecapa_dim = weights.shape("conv2.weight")[0];
  conv2_ = weights.linear("conv2", ecapa_dim, 3 * width_);

  const Weights perceiver = weights.at("perceiver");
  latent_dim_ = perceiver.shape("context.weight")[0];
  context_ = perceiver.linear("context", latent_dim_, ecapa_dim);
  latents_ = perceiver.vector("latents", token_count_ * latent_dim_);
  for (int64_t i = 0; perceiver.at("blk", i).has("attn_q.weight"); ++i) {
    const Weights at = perceiver.at("blk", i);
    const int64_t inner = at.shape("attn_q.weight")[0];
    if (inner % kHeadDim != 0) {
      fail(GPA_ERROR_MODEL_FORMAT, "%s: speaker.perceiver.blk.%lld.attn_q.weight has %lld rows, not a multiple of %lld",
           file.path().c_str(), static_cast<long long>(i), static_cast<long long>(inner), static_cast<long long>(kHeadDim));
    }
    PerceiverLayer layer;
    layer.heads = inner / kHeadDim;
    layer.q = at.linear_no_bias("attn_q", inner, latent_dim_);
    layer.kv = at.linear_no_bias("attn_kv", 2 * inner, latent_dim_);
    layer.output = at.linear_no_bias("attn_output", latent_dim_, inner);
    layer.ffn = at.shape("ffn_up.weight")[0] / 2;
    layer.ffn_up = at.linear("ffn_up", 2 * layer.ffn, latent_dim_);
    layer.ffn_down = at.linear("ffn_down", latent_dim_, layer.ffn);
    perceiver_.push_back(layer);
  }
  norm_ = perceiver.vector("norm", latent_dim_);
  fsq_in_ = weights.linear("fsq_in", fsq_.channels(), latent_dim_);
}

SpeakerEncoder::ConvNorm SpeakerEncoder::conv_norm(const Weights& weights, int64_t out, int64_t in) {
  ConvNorm layer;
  layer.conv = {weights.matrix("weight", out, in), weights.vector("bias", out)};
  layer.norm = {weights.vector("bn.scale", out), weights.vector("bn.shift", out)};
  return layer;
}

Matrix SpeakerEncoder::mel(Context& ctx, const float* wav_normalized, int64_t samples) const {
  if (samples <= 0) fail(GPA_ERROR_AUDIO, "the voice clip is empty");
  const int64_t frames = front_end_.frames(clip_samples_);
  const Matrix mel = ctx.arena.host_matrix(frames, mel_bins_);
  Arena::Scope scope(ctx.arena);
  const Matrix clip = ctx.arena.host_matrix(1, clip_samples_);
  for (int64_t begin = 0; begin < clip_samples_; begin += samples) {
    std::copy_n(wav_normalized, std::min(samples, clip_samples_ - begin), clip.data + begin);
  }
  front_end_.compute(ctx.queue.host(), clip.data, clip_samples_, frames, mel.data);
  ctx.trace_host("speaker_mel", mel);
  return mel;
}

void SpeakerEncoder::apply(Context& ctx, const ConvNorm& layer, const Matrix& x, int64_t taps, int64_t dilation, Matrix y) const {
  conv1d(ctx, x, layer.conv, {.taps = taps, .dilation = dilation, .pad_left = taps / 2 * dilation}, y,
         {.activation = Activation::kRelu});
  affine(ctx, y, layer.norm.scale, layer.norm.shift, nullptr, y);
}

void SpeakerEncoder::res2(Context& ctx, const SeRes2Block& block, const Matrix& x, Matrix y) const {
  Arena::Scope scope(ctx.arena);
  const int64_t frames = x.rows, part = width_ / kRes2Scale;
  const Matrix input = ctx.arena.matrix(frames, part), output = ctx.arena.matrix(frames, part);
  const int64_t last = kRes2Scale - 1;
  for (int64_t i = 0; i < last; ++i) {
    copy_part(ctx, x.data + i * part, width_, input.data, part, frames, part);
    if (i > 0) add(ctx, output, input);
    apply(ctx, block.res[static_cast<size_t>(i)], input, kRes2Taps, block.dilation, output);
    copy_part(ctx, output.data, part, y.data + i * part, width_, frames, part);
  }
  copy_part(ctx, x.data + last * part, width_, y.data + last * part, width_, frames, part);
}

void SpeakerEncoder::se_res2(Context& ctx, const SeRes2Block& block, const Matrix& x, Matrix y, const char* res2_name) const {
  Arena::Scope scope(ctx.arena);
  const Matrix a = ctx.arena.matrix(x.rows, width_), b = ctx.arena.matrix(x.rows, width_);
  apply(ctx, block.in, x, 1, 1, a);
  res2(ctx, block, a, b);
  if (res2_name) ctx.trace(res2_name, b);
  apply(ctx, block.out, b, 1, 1, a);
  const Matrix mean = ctx.arena.matrix(1, width_);
  ctx.kernels.mean_rows(ctx.queue, {a.data, a.rows, width_, a.rows, mean.data});
  const Matrix squeezed = linear(ctx, mean, block.se_down, {.activation = Activation::kRelu});
  const Matrix scale = linear(ctx, squeezed, block.se_up, {.activation = Activation::kSigmoid});
  affine(ctx, a, scale.data, nullptr, x.data, y);
}

Matrix SpeakerEncoder::ecapa(Context& ctx, const Matrix& mel) const {
  const Matrix latent = ctx.arena.matrix(mel.rows, conv2_.weight.rows);
  Arena::Scope scope(ctx.arena);
  Matrix x = ctx.arena.matrix(mel.rows, width_);
  apply(ctx, conv1_, mel, kFirstTaps, 1, x);
  ctx.trace("ecapa_layer1", x);
  const Matrix joined = ctx.arena.matrix(mel.rows, 3 * width_);
  static constexpr const char* kNames[3] = {"ecapa_layer2", "ecapa_layer3", "ecapa_layer4"};
  for (int64_t i = 0; i < 3; ++i) {
    const Matrix y = ctx.arena.matrix(mel.rows, width_);
    se_res2(ctx, blocks_[i], x, y, i == 0 ? "ecapa_layer2_res2" : nullptr);
    ctx.trace(kNames[i], y);
    copy_part(ctx, y.data, width_, joined.data + i * width_, 3 * width_, mel.rows, width_);
    x = y;
  }
  linear(ctx, joined, conv2_, latent, {.activation = Activation::kRelu});
  ctx.trace("ecapa_latent", latent);
  return latent;
}

// latents [token_count, latent_dim] in place. seen [token_count + frames, latent_dim]: room for the latents, then the context.
void SpeakerEncoder::perceive(Context& ctx, const PerceiverLayer& layer, const Matrix& seen, Matrix latents, bool traced) const {
  Arena::Scope scope(ctx.arena);
  const int64_t inner = layer.heads * kHeadDim;
  copy_part(ctx, latents.data, latent_dim_, seen.data, latent_dim_, token_count_, latent_dim_);
  const Matrix q = linear(ctx, latents, layer.q), kv = linear(ctx, seen, layer.kv);
  const Matrix mixed = ctx.arena.matrix(token_count_, inner);
  ctx.kernels.attention(ctx.queue, {.q = q.data,
                                    .q_stride = inner,
                                    .heads = layer.heads,
                                    .kv_heads = layer.heads,
                                    .head_dim = kHeadDim,
                                    .page_tokens = seen.rows,
                                    .kv_stride = 2 * inner,
                                    .k_offset = 0,
                                    .v_offset = inner,
                                    .scale = 1.0f / std::sqrt(static_cast<float>(kHeadDim)),
                                    .y = mixed.data,
                                    .y_stride = inner,
                                    .sequences = one_page(ctx, token_count_, seen.rows, kv.data),
                                    .count = 1,
                                    .most_queries = token_count_,
                                    .most_keys = seen.rows});
  const Matrix attended = linear(ctx, mixed, layer.output);
  if (traced) ctx.trace("perceiver_attn0", attended);
  add(ctx, attended, latents);

  const Matrix up = linear(ctx, latents, layer.ffn_up);
  const Matrix gate{up.data + layer.ffn, up.rows, layer.ffn};
  const Matrix fed = linear(ctx, gate, layer.ffn_down, {}, {.up = up.data, .activation = Activation::kGelu, .stride = up.cols});
  if (traced) ctx.trace("perceiver_ff0", fed);
  add(ctx, fed, latents);
}

void SpeakerEncoder::encode(Context& ctx, const Matrix& mel, std::vector<int32_t>* ids) const {
  if (mel.rows < 1 || mel.cols != mel_bins_) {
    fail(GPA_ERROR_INVALID_ARGUMENT, "speaker_mel [%lld, %lld] is not [frames, %lld]", static_cast<long long>(mel.rows),
         static_cast<long long>(mel.cols), static_cast<long long>(mel_bins_));
  }
  Arena::Scope scope(ctx.arena);
  // What the latents look at: themselves, then the context.
  const Matrix seen = ctx.arena.matrix(token_count_ + mel.rows, latent_dim_);
  const Matrix context{seen.data + token_count_ * latent_dim_, mel.rows, latent_dim_};
  linear(ctx, ecapa(ctx, ctx.upload(mel)), context_, context);
  ctx.trace("perceiver_context", context);
  const Matrix latents = ctx.arena.matrix(token_count_, latent_dim_);
  copy_part(ctx, latents_, latent_dim_, latents.data, latent_dim_, token_count_, latent_dim_);
  for (const PerceiverLayer& layer : perceiver_) perceive(ctx, layer, seen, latents, &layer == &perceiver_.front());
  ctx.kernels.rms_norm(ctx.queue, {latents.data, token_count_, latent_dim_, norm_, kNormEpsilon, latents.data});
  ctx.trace("perceiver_out", latents);

  const Matrix z = ctx.download(linear(ctx, latents, fsq_in_));
  ctx.trace_host("fsq_in", z);
  const Matrix bounded = ctx.arena.host_matrix(token_count_, z.cols), margin = ctx.arena.host_matrix(1, token_count_);
  ids->assign(static_cast<size_t>(token_count_), 0);
  for (int64_t i = 0; i < token_count_; ++i) {
    (*ids)[static_cast<size_t>(i)] = fsq_.encode(z.data + i * z.cols, bounded.data + i * z.cols, margin.data + i);
  }
  ctx.trace_host("fsq_bound", bounded);
  ctx.trace_ids("global_ids", ids->data(), token_count_);
  ctx.trace_host("fsq_margin", margin);
}

}  // namespace gpa
