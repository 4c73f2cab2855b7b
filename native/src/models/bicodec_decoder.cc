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
#include "models/bicodec_decoder_stream.h"

namespace gpa {
namespace {

constexpr int64_t kMaxExtent = 1 << 24;
constexpr int64_t kMaxHop = 4096;  // samples of a token: what the file may multiply the audio's memory by
constexpr int64_t kTaps = 7;
constexpr int64_t kPad = kTaps / 2;
constexpr int64_t kDilations[3] = {1, 3, 9};
constexpr int64_t kPieceTokens = 128;  // decoded at once: activations are up to 320 times as long
constexpr int64_t kSliceFloats = 1 << 19;  // what a slice becomes in an up block: 2 MB, which the caches of all cores hold
constexpr int64_t kRoom = kPad * (1 + 3 + 2 * 9);  // rows that the kept frames of an up block's units need before its output

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

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
  delay_ = generator_delay();
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

// The delays of the generator's layers, each in its own output frames, the later ones multiplying them.
int64_t BicodecDecoder::generator_delay() const {
  int64_t delay = kPad;
  for (const UpBlock& block : up_blocks_) {
    delay = delay * block.rate + (block.taps - block.rate) / 2;
    for (const int64_t dilation : kDilations) delay += kPad * dilation;
  }
  return delay + kPad;
}

Matrix BicodecDecoder::d_vector(Context& ctx, const int32_t* global_ids) const {
  const Matrix d = ctx.arena.matrix(1, dim_);
  Arena::Scope scope(ctx.arena);
  const Matrix codes = ctx.arena.host_matrix(global_count_, fsq_.channels());
  for (int64_t i = 0; i < global_count_; ++i) fsq_.decode(global_ids[i], codes.data + i * codes.cols);
  const Matrix tokens = linear(ctx, ctx.upload(codes), fsq_out_);
  ctx.trace("decode_fsq_out", tokens);
  const Matrix by_channel = ctx.arena.matrix(1, latent_dim_ * global_count_);
  for (int64_t i = 0; i < global_count_; ++i) {
    copy_part(ctx, tokens.data + i * latent_dim_, 1, by_channel.data + i, global_count_, latent_dim_, 1);
  }
  linear(ctx, by_channel, project_, d);
  ctx.trace("decode_dvector", d);
  return d;
}

void BicodecDecoder::check_ids(const char* what, const int32_t* ids, int64_t count, int64_t limit) {
  for (int64_t i = 0; i < count; ++i) {
    if (ids[i] < 0 || ids[i] >= limit) {
      fail(GPA_ERROR_INVALID_ARGUMENT, "%s id %d at position %lld is not in [0, %lld)", what, ids[i], static_cast<long long>(i),
           static_cast<long long>(limit));
    }
  }
}

BicodecDecoder::State BicodecDecoder::begin(Context& ctx, const int32_t* global_ids) const {
  check_ids("global", global_ids, global_count_, fsq_.code_count());
  Arena::Scope scope(ctx.arena);
  const Matrix d = d_vector(ctx, global_ids), adapted = backbone_.adapt(ctx, d);
  State state{Buffer(ctx.queue, static_cast<size_t>(dim_) * sizeof(float)),
              Buffer(ctx.queue, static_cast<size_t>(adapted.rows * adapted.cols) * sizeof(float)),
              {stages_[0].begin(), stages_[1].begin()}, backbone_.begin(), ConvState(kPad), ConvState(kPad), {}};
  copy_part(ctx, d.data, dim_, state.d.floats(), dim_, 1, dim_);
  copy_part(ctx, adapted.data, adapted.cols, state.adapted.floats(), adapted.cols, adapted.rows, adapted.cols);
  for (const UpBlock& block : up_blocks_) {
    UpState up{{block.rate, block.taps_per_phase, (block.taps - block.rate) / 2}, {}};
    for (const int64_t dilation : kDilations) up.res.emplace_back(kPad * dilation);
    state.up.push_back(std::move(up));
  }
  return state;
}

// The prenet but for its last map.
Matrix BicodecDecoder::backbone(Context& ctx, const int32_t* semantic, int64_t count, State& state, bool last) const {
  const Matrix codes = ctx.arena.matrix(count, code_dim_);
  ctx.kernels.embed(ctx.queue, {{codebook_, DType::kF32, code_count_, code_dim_}, ctx.upload(semantic, count), count, codes.data});
  const Matrix z = linear(ctx, codes, quantizer_out_);
  ctx.trace("decode_zq", z);
  Matrix x = linear(ctx, z, prenet_in_);
  ctx.trace("prenet_linear_pre", x);
  x = stages_[0].forward(ctx, x, nullptr, state.stages[0], last, {.output = "prenet_stage0"});
  x = stages_[1].forward(ctx, x, nullptr, state.stages[1], last, {.output = "prenet_stage1"});
  return backbone_.forward(ctx, x, state.adapted.floats(), state.backbone, last,
                           {.norm = "prenet_adanorm", .block0 = "prenet_block0", .output = "prenet_backbone"});
}

// y [x.rows, dim]: the generator's input.
void BicodecDecoder::finish_prenet(Context& ctx, const Matrix& x, State& state, Matrix y) const {
  linear(ctx, x, prenet_out_, y, {.activation = tanh_ ? Activation::kTanh : Activation::kNone});
  ctx.trace("decode_prenet", y);
  affine(ctx, y, nullptr, state.d.floats(), nullptr, y);
}

// x [frames, in_channels]; the result [frames that are done, out_channels] lies in the arena. room: rows before x, and then before
// the result, that may be overwritten.
Matrix BicodecDecoder::up_block(Context& ctx, const UpBlock& block, const Matrix& x, UpState& state, bool last, bool first,
                                int64_t* room) const {
  const UpConvState::Window up = state.up.advance(ctx, x, last, *room);
  const Matrix roomy = ctx.arena.matrix(kRoom + up.out_frames, block.out_channels);
  Matrix y{roomy.data + kRoom * roomy.cols, up.out_frames, roomy.cols};
  *room = kRoom;
  ctx.kernels.conv_transpose1d(ctx.queue, {.x = up.x.data,
                                          .frames = up.x.rows,
                                          .in_channels = block.in_channels,
                                          .w = block.up.weight,
                                          .stride = block.rate,
                                          .taps_per_phase = block.taps_per_phase,
                                          .out_channels = block.out_channels,
                                          .crop_left = up.crop_left,
                                          .out_frames = y.rows,
                                          .bias = block.up.bias,
                                          .y = y.data,
                                          .rounding = ctx.rounding,
                                          .snake = block.snake});
  if (first) ctx.trace("decode_up0", y);
  for (size_t r = 0; r < std::size(kDilations); ++r) {
    const ResidualUnit& unit = block.res[r];
    const ConvState::Window window = state.res[r].advance(ctx, y, last, *room);
    y = window.centre;
    *room = window.room;
    Arena::Scope scope(ctx.arena);
    const Matrix a = ctx.arena.matrix(y.rows, y.cols);
    conv1d(ctx, window.x, unit.conv1, {.taps = kTaps, .dilation = kDilations[r], .pad_left = window.pad_left, .snake = unit.snake1}, a);
    linear(ctx, a, unit.conv2, y, {.residual = y.data}, {.snake = unit.snake2});
    if (first && r == 0) ctx.trace("decode_res0", y);
  }
  return y;
}

// Makes the samples that are done, from what enters up block i, and returns where the next ones go. A CPU takes a long operand slice
// by slice through all that follows, so that what a slice becomes stays in its caches.
float* BicodecDecoder::up_blocks(Context& ctx, size_t i, const Matrix& x, State& state, bool last, int64_t room, float* to) const {
  static constexpr const char* kNames[] = {"decode_block0", "decode_block1", "decode_block2", "decode_block3"};
  if (i == up_blocks_.size()) {
    const ConvState::Window out = state.conv_out.advance(ctx, x, last, room);
    conv1d(ctx, out.x, conv_out_, {.taps = kTaps, .pad_left = out.pad_left, .snake = snake_}, {to, out.centre.rows, 1},
           {.activation = Activation::kTanh});
    return to + out.centre.rows;
  }
  const UpBlock& block = up_blocks_[i];
  const bool whole = ctx.trace_fn || !ctx.queue.on_host();
  const int64_t slices = whole ? 1 : std::max<int64_t>(1, ceil_div(x.rows * block.rate * block.out_channels, kSliceFloats));
  for (int64_t slice = 0; slice < slices; ++slice) {
    Arena::Scope scope(ctx.arena);
    const int64_t begin = x.rows * slice / slices, end = x.rows * (slice + 1) / slices;
    const bool ends = last && slice == slices - 1;
    int64_t free_rows = room + begin;
    const Matrix h = up_block(ctx, block, {x.data + begin * x.cols, end - begin, x.cols}, state.up[i], ends, i == 0, &free_rows);
    if (i < std::size(kNames)) ctx.trace(kNames[i], h);
    to = up_blocks(ctx, i + 1, h, state, ends, free_rows, to);
  }
  return to;
}

// y [samples that are done, 1]: what the generator makes of the frames x.
void BicodecDecoder::generate(Context& ctx, const Matrix& x, State& state, bool last, Matrix y) const {
  const ConvState::Window in = state.conv_in.advance(ctx, x, last);
  Matrix h = ctx.arena.matrix(in.centre.rows, conv_in_.weight.rows);
  conv1d(ctx, in.x, conv_in_, {.taps = kTaps, .pad_left = in.pad_left}, h);
  ctx.trace("decode_conv_in", h);
  up_blocks(ctx, 0, h, state, last, 0, y.data);
}

void BicodecDecoder::decode(Context& ctx, const int32_t* semantic, int64_t count, const int32_t* global_ids, float* wav) const {
  BicodecStream stream(*this, ctx, global_ids, context_tokens());
  const int64_t piece = ctx.trace_fn ? count : kPieceTokens;
  float* to = wav;
  for (int64_t begin = 0; begin < count; begin += piece) {
    const int64_t some = std::min(piece, count - begin);
    const bool last = begin + some == count;
    float* const from = to;
    to += stream.samples_of(some, last);
    stream.push(ctx, semantic + begin, some, last, from);
  }
  ctx.trace_host("decode_wav", {wav, 1, samples(count)});
}

}  // namespace gpa
