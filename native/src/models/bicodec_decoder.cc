// semantic ids -> codebook -> linear = z -> linear -> stage 0 -> stage 1 -> Vocos backbone (adaptive on d) -> linear -> + d
//     -> conv k7 -> 4 x up block -> Snake -> conv k7 -> tanh -> 320 samples per id
// global ids -> FSQ codes -> linear -> laid out channel by channel -> linear = d
// Up block: Snake -> transposed conv -> 3 x [ x + conv1(Snake(conv k7, dilation 1, 3, 9 (Snake(x)))) ].
// Source: Spark-TTS (arXiv 2503.01710), BiCodec: Decoder (prenet) and WaveGenerator; DAC (Kumar et al. 2023).
#include "models/bicodec_decoder.h"

#include <algorithm>
#include <tuple>

#include "error.h"
#include "layers/ops.h"

namespace gpa {
namespace {

constexpr int64_t kMaxExtent = 1 << 24;
constexpr int64_t kMaxHop = 4096;  // samples of a token: what the file may multiply the audio's memory by
constexpr int64_t kTaps = 7;
constexpr int64_t kPad = kTaps / 2;
constexpr int64_t kDilations[3] = {1, 3, 9};
// Tokens decoded at once: by the prenet (10 s), and by the generator, whose activations are 320 times as long.
constexpr int64_t kPrenetWindow = 512;
constexpr int64_t kGeneratorWindow = 256;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

void check_ids(const char* what, const int32_t* ids, int64_t count, int64_t limit) {
  for (int64_t i = 0; i < count; ++i) {
    if (ids[i] < 0 || ids[i] >= limit) {
      fail(GPA_ERROR_INVALID_ARGUMENT, "%s id %d at position %lld is not in [0, %lld)", what, ids[i], static_cast<long long>(i),
           static_cast<long long>(limit));
    }
  }
}

}  // namespace

BicodecDecoder::BicodecDecoder(const GgufFile& file)
    : hop_(1),
      global_count_(file.integer("gpa.speaker.token_count", 1, 4096)),
      fsq_(Fsq::read(file)) {
  const Weights codec(file, "codec"), speaker(file, "speaker"), prenet = codec.at("prenet");
  std::tie(code_count_, code_dim_) = codec.table("quantizer.codebook");
  codebook_ = codec.vector("quantizer.codebook", code_count_ * code_dim_);
  const int64_t quantized = codec.shape("quantizer.out.weight")[0];
  quantizer_out_ = codec.linear("quantizer.out", quantized, code_dim_);
  latent_dim_ = speaker.shape("fsq_out.weight")[0];
  fsq_out_ = speaker.linear("fsq_out", latent_dim_, fsq_.channels());
  dim_ = speaker.shape("project.weight")[0];
  project_ = speaker.linear("project", dim_, latent_dim_ * global_count_);

  int64_t width = prenet.shape("input.weight")[0];
  prenet_in_ = prenet.linear("input", width, quantized);
  prenet_context_ = 0;
  for (int64_t i = 0; i < 2; ++i) {
    stages_[i] = VocosBackbone(prenet.at("stage", i), width, -1, 0);
    width = stages_[i].dim();
    prenet_context_ += stages_[i].context();
  }
  backbone_ = VocosBackbone(prenet.at("backbone"), width, file.integer("gpa.codec.prenet.block_count", 0, 1024), dim_);
  prenet_context_ += backbone_.context();
  prenet_out_ = prenet.linear("output", dim_, backbone_.dim());
  const GgufValue* tanh = file.find_value("gpa.codec.prenet.tanh");
  tanh_ = tanh && tanh->numbers.size() == 1 && tanh->numbers[0] != 0;
  load_generator(codec.at("generator"), file);
  generator_context_ = generator_context();
}

void BicodecDecoder::load_generator(const Weights& weights, const GgufFile& file) {
  const auto rates = file.integers("gpa.codec.generator.rates", 1, 1024);
  const auto taps = file.integers("gpa.codec.generator.taps", 1, 4096);
  if (rates.empty() || rates.size() > 16 || taps.size() != rates.size()) {
    fail(GPA_ERROR_MODEL_FORMAT, "%s: gpa.codec.generator.rates and taps do not fit together", file.path().c_str());
  }
  int64_t channels = weights.shape("conv_in.weight")[0];
  conv_in_ = weights.linear("conv_in", channels, kTaps * dim_);
  for (size_t i = 0; i < rates.size(); ++i) {
    if (taps[i] < rates[i] || (taps[i] - rates[i]) % 2 != 0) {
      fail(GPA_ERROR_UNSUPPORTED, "%s: a generator block with rate %lld and %lld taps: taps - rate must be even and not negative",
           file.path().c_str(), static_cast<long long>(rates[i]), static_cast<long long>(taps[i]));
    }
    const Weights at = weights.at("blk", static_cast<int64_t>(i));
    UpBlock block;
    block.in_channels = channels;
    block.out_channels = channels / 2;
    block.rate = rates[i];
    block.taps = taps[i];
    block.taps_per_phase = ceil_div(taps[i], rates[i]);
    block.snake = at.vector("snake", channels);
    channels = block.out_channels;
    block.up = {at.matrix("up.weight", block.rate * channels, block.taps_per_phase * block.in_channels), at.vector("up.bias", channels)};
    for (int64_t r = 0; r < 3; ++r) {
      const Weights res = at.at("res", r);
      block.res[r] = {res.vector("snake1", channels), res.vector("snake2", channels), res.linear("conv1", channels, kTaps * channels),
                      res.linear("conv2", channels, channels)};
    }
    hop_ = std::min(hop_ * block.rate, kMaxExtent);  // no overflow; compared below
    up_blocks_.push_back(block);
  }
  if (hop_ != file.integer("gpa.codec.hop", 1, kMaxHop)) {
    fail(GPA_ERROR_MODEL_FORMAT, "%s: gpa.codec.generator.rates do not multiply to gpa.codec.hop", file.path().c_str());
  }
  snake_ = weights.vector("snake", channels);
  conv_out_ = weights.linear("conv_out", 1, kTaps * channels);
}

// Walks back from a sample to the tokens that it depends on, on the side where they reach further.
int64_t BicodecDecoder::generator_context() const {
  int64_t reach = kPad;
  for (auto block = up_blocks_.rbegin(); block != up_blocks_.rend(); ++block) {
    for (const int64_t dilation : kDilations) reach += kPad * dilation;
    const int64_t crop = (block->taps - block->rate) / 2;
    const int64_t left = (reach + block->taps - 1 - crop) / block->rate;
    const int64_t right = ceil_div(reach + crop, block->rate);
    reach = std::max(left, right);
  }
  return reach + kPad;
}

Matrix BicodecDecoder::d_vector(Context& ctx, const int32_t* global_ids) const {
  const Matrix d = ctx.arena.matrix(1, dim_);
  Arena::Scope scope(ctx.arena);
  const Matrix codes = ctx.arena.matrix(global_count_, fsq_.channels());
  for (int64_t i = 0; i < global_count_; ++i) fsq_.decode(global_ids[i], codes.data + i * codes.cols);
  const Matrix tokens = linear(ctx, codes, fsq_out_);
  ctx.trace("decode_fsq_out", tokens);
  const Matrix by_channel = ctx.arena.matrix(1, latent_dim_ * global_count_);
  for (int64_t i = 0; i < global_count_; ++i) {
    copy_part(ctx, tokens.data + i * latent_dim_, 1, by_channel.data + i, global_count_, latent_dim_, 1);
  }
  linear(ctx, by_channel, project_, d);
  ctx.trace("decode_dvector", d);
  return d;
}

// [count, dim]: the generator's input.
Matrix BicodecDecoder::prenet(Context& ctx, const int32_t* semantic, int64_t count, const Matrix& d) const {
  const Matrix y = ctx.arena.matrix(count, dim_);
  Arena::Scope scope(ctx.arena);
  const Matrix codes = ctx.arena.matrix(count, code_dim_);
  ctx.kernels.embed(ctx.pool, {{codebook_, DType::kF32, code_count_, code_dim_}, semantic, count, codes.data});
  const Matrix z = linear(ctx, codes, quantizer_out_);
  ctx.trace("decode_zq", z);
  Matrix x = linear(ctx, z, prenet_in_);
  ctx.trace("prenet_linear_pre", x);
  x = stages_[0].forward(ctx, x, {}, {.output = "prenet_stage0"});
  x = stages_[1].forward(ctx, x, {}, {.output = "prenet_stage1"});
  x = backbone_.forward(ctx, x, d, {.norm = "prenet_adanorm", .block0 = "prenet_block0", .output = "prenet_backbone"});
  linear(ctx, x, prenet_out_, y, {.activation = tanh_ ? Activation::kTanh : Activation::kNone});
  ctx.trace("decode_prenet", y);
  affine(ctx, y, nullptr, d.data, nullptr, y);
  return y;
}

// x [tokens, in_channels] is overwritten; the result [tokens * rate, out_channels] lies in the arena.
Matrix BicodecDecoder::up_block(Context& ctx, const UpBlock& block, Matrix x, bool first) const {
  const Matrix y = ctx.arena.matrix(x.rows * block.rate, block.out_channels);
  Arena::Scope scope(ctx.arena);
  snake(ctx, x, block.snake, x);
  ctx.kernels.conv_transpose1d(ctx.pool, {.x = x.data,
                                          .frames = x.rows,
                                          .in_channels = block.in_channels,
                                          .w = block.up.weight,
                                          .stride = block.rate,
                                          .taps_per_phase = block.taps_per_phase,
                                          .out_channels = block.out_channels,
                                          .crop_left = (block.taps - block.rate) / 2,
                                          .out_frames = y.rows,
                                          .bias = block.up.bias,
                                          .y = y.data,
                                          .rounding = ctx.rounding});
  if (first) ctx.trace("decode_up0", y);
  const Matrix a = ctx.arena.matrix(y.rows, y.cols), b = ctx.arena.matrix(y.rows, y.cols);
  for (int64_t r = 0; r < 3; ++r) {
    const ResidualUnit& unit = block.res[r];
    const int64_t dilation = kDilations[r];
    snake(ctx, y, unit.snake1, a);
    conv1d(ctx, a, unit.conv1, {.taps = kTaps, .dilation = dilation, .pad_left = kPad * dilation}, b);
    snake(ctx, b, unit.snake2, b);
    linear(ctx, b, unit.conv2, y, {.residual = y.data});
    if (first && r == 0) ctx.trace("decode_res0", y);
  }
  return y;
}

// wav[tokens * hop]: of what the generator makes of x, the part that begins with token skip_tokens.
void BicodecDecoder::generate(Context& ctx, const Matrix& x, int64_t skip_tokens, int64_t tokens, float* wav) const {
  static constexpr const char* kNames[] = {"decode_block0", "decode_block1", "decode_block2", "decode_block3"};
  Arena::Scope scope(ctx.arena);
  Matrix h = ctx.arena.matrix(x.rows, conv_in_.weight.rows);
  conv1d(ctx, x, conv_in_, {.taps = kTaps, .pad_left = kPad}, h);
  ctx.trace("decode_conv_in", h);
  for (size_t i = 0; i < up_blocks_.size(); ++i) {
    h = up_block(ctx, up_blocks_[i], h, i == 0);
    if (i < std::size(kNames)) ctx.trace(kNames[i], h);
  }
  snake(ctx, h, snake_, h);
  const Matrix out = ctx.arena.matrix(h.rows, 1);
  conv1d(ctx, h, conv_out_, {.taps = kTaps, .pad_left = kPad}, out, {.activation = Activation::kTanh});
  std::copy_n(out.data + skip_tokens * hop_, tokens * hop_, wav);
}

void BicodecDecoder::decode(Context& ctx, const int32_t* semantic, int64_t count, const int32_t* global_ids, float* wav) const {
  check_ids("semantic", semantic, count, code_count_);
  check_ids("global", global_ids, global_count_, fsq_.code_count());
  if (count == 0) return;
  Arena::Scope scope(ctx.arena);
  const Matrix d = d_vector(ctx, global_ids);
  const int64_t prenet_window = ctx.trace_fn ? count : kPrenetWindow;
  const int64_t generator_window = ctx.trace_fn ? count : kGeneratorWindow;
  for (int64_t outer = 0; outer < count; outer += prenet_window) {
    Arena::Scope outer_scope(ctx.arena);
    const int64_t outer_end = std::min(count, outer + prenet_window);
    // [x_begin, x_end): tokens whose prenet result is exact when it is computed from [in_begin, in_end).
    const int64_t x_begin = std::max<int64_t>(0, outer - generator_context_), x_end = std::min(count, outer_end + generator_context_);
    const int64_t in_begin = std::max<int64_t>(0, x_begin - prenet_context_), in_end = std::min(count, x_end + prenet_context_);
    const Matrix x = prenet(ctx, semantic + in_begin, in_end - in_begin, d);
    for (int64_t inner = outer; inner < outer_end; inner += generator_window) {
      const int64_t inner_end = std::min(outer_end, inner + generator_window);
      const int64_t begin = std::max<int64_t>(0, inner - generator_context_), end = std::min(count, inner_end + generator_context_);
      const Matrix part{x.data + (begin - in_begin) * dim_, end - begin, dim_};
      generate(ctx, part, inner - begin, inner_end - inner, wav + inner * hop_);
    }
  }
  ctx.trace("decode_wav", {wav, 1, samples(count)});
}

}  // namespace gpa
