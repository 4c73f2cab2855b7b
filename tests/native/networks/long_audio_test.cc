// Audio and answers of any length: windows must not show, and what cannot be computed is a typed error.
#include <algorithm>
#include <functional>

#include "error.h"
#include "models/bicodec_decoder.h"
#include "models/bicodec_encoder.h"
#include "models/glm_tokenizer.h"
#include "models/speaker_encoder.h"
#include "models/wav2vec2.h"
#include "networks/golden_model.h"

namespace gpa::test {
namespace {

// The clips of the summary one after the other, again and again.
std::vector<float> long_audio(int64_t samples) {
  std::vector<float> out;
  while (static_cast<int64_t>(out.size()) < samples) {
    for (const auto& entry : golden_summary().at("clips")) {
      const auto wav = Safetensors(goldens_path(entry.at("name").get<std::string>() + ".safetensors")).at("wav").floats();
      out.insert(out.end(), wav.begin(), wav.end());
    }
  }
  out.resize(static_cast<size_t>(samples));
  return out;
}

std::vector<int32_t> some_ids(int64_t count, int64_t limit) {
  std::vector<int32_t> out(static_cast<size_t>(count));
  uint32_t state = 1;
  for (int32_t& id : out) {
    state = state * 1664525u + 1013904223u;
    id = static_cast<int32_t>((state >> 8) % static_cast<uint32_t>(limit));
  }
  return out;
}

void expect_error(gpa_status code, const std::function<void()>& body) {
  try {
    body();
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
  }
}

TEST(BicodecDecoder, long_answer_in_pieces_equals_one_piece) {
  const BicodecDecoder network(golden_model());
  Machine machine;
  const auto global = some_ids(network.global_count(), network.global_code_count());
  for (const int64_t count : {1, 2, 255, 257, 513, 1100}) {
    const auto semantic = some_ids(count, network.code_count());
    std::vector<float> whole(static_cast<size_t>(network.samples(count))), windows(whole.size());
    Recording observer;  // under an observer everything is one piece
    Context observed = machine.context(&observer), ctx = machine.context();
    network.decode(observed, semantic.data(), count, global.data(), whole.data());
    network.decode(ctx, semantic.data(), count, global.data(), windows.data());
    EXPECT_EQ(whole, windows) << count << " tokens";
  }
}

// The samples of the token in the middle of 2 n + 1, when the first and the last token change: equal?
bool middle_is_unmoved(const BicodecDecoder& network, Context& ctx, int64_t n) {
  const auto global = some_ids(network.global_count(), network.global_code_count());
  auto semantic = some_ids(2 * n + 1, network.code_count());
  const auto count = static_cast<int64_t>(semantic.size());
  std::vector<float> before(static_cast<size_t>(network.samples(count))), after(before.size());
  network.decode(ctx, semantic.data(), count, global.data(), before.data());
  for (int32_t* id : {&semantic.front(), &semantic.back()}) *id = static_cast<int32_t>((*id + 1) % network.code_count());
  network.decode(ctx, semantic.data(), count, global.data(), after.data());
  const auto middle = before.begin() + network.samples(n);
  return std::equal(middle, middle + network.samples(1), after.begin() + network.samples(n));
}

TEST(BicodecDecoder, context_is_that_of_its_layers) {
  // Two stages of two blocks, the backbone, the first convolution and the generator: 67 with the published 12 blocks.
  const int64_t blocks = golden_model().integer("gpa.codec.prenet.block_count", 1, 100);
  EXPECT_EQ(BicodecDecoder(golden_model()).context_tokens(), 2 * 9 + 3 * (1 + blocks) + 3 + 7);
}

TEST(BicodecDecoder, sample_depends_on_no_token_beyond_the_context) {
  const BicodecDecoder network(golden_model());
  Machine machine;
  Context ctx = machine.context();
  EXPECT_TRUE(middle_is_unmoved(network, ctx, network.context_tokens() + 1));
  // So few tokens away the change must show, else the comparison above says nothing.
  EXPECT_FALSE(middle_is_unmoved(network, ctx, network.context_tokens() / 2));
}

TEST(BicodecDecoder, ids_out_of_range_are_invalid_arguments) {
  const BicodecDecoder network(golden_model());
  Machine machine;
  Context ctx = machine.context();
  std::vector<float> wav(static_cast<size_t>(network.samples(3)));
  const auto good_global = some_ids(network.global_count(), network.global_code_count());
  const auto good = some_ids(3, network.code_count());
  for (const int64_t bad : {int64_t{-1}, network.code_count()}) {
    auto ids = good;
    ids[2] = static_cast<int32_t>(bad);
    expect_error(GPA_ERROR_INVALID_ARGUMENT, [&] { network.decode(ctx, ids.data(), 3, good_global.data(), wav.data()); });
  }
  for (const int64_t bad : {int64_t{-1}, network.global_code_count()}) {
    auto ids = good_global;
    ids.back() = static_cast<int32_t>(bad);
    expect_error(GPA_ERROR_INVALID_ARGUMENT, [&] { network.decode(ctx, good.data(), 3, ids.data(), wav.data()); });
  }
  EXPECT_NO_THROW(network.decode(ctx, good.data(), 0, good_global.data(), nullptr));
}

TEST(GlmTokenizer, windows_are_tokenized_apart) {
  const GlmTokenizer network(golden_model());
  Machine machine;
  Context ctx = machine.context();
  const int64_t window = network.max_window_samples();
  const auto wav = long_audio(window + 5000);
  std::vector<int32_t> all, first, second;
  network.tokenize(ctx, wav.data(), window + 5000, &all);
  network.tokenize(ctx, wav.data(), window, &first);
  network.tokenize(ctx, wav.data() + window, 5000, &second);
  EXPECT_EQ(static_cast<int64_t>(first.size()), (window + 1279) / 1280);
  EXPECT_EQ(static_cast<int64_t>(second.size()), (5000 + 1279) / 1280);
  first.insert(first.end(), second.begin(), second.end());
  EXPECT_EQ(all, first);
}

TEST(GlmTokenizer, very_short_audio_gives_one_id) {
  const GlmTokenizer network(golden_model());
  Machine machine;
  Context ctx = machine.context();
  const auto wav = long_audio(1281);
  std::vector<int32_t> ids;
  for (const int64_t samples : {1, 160, 319, 1280}) {
    network.tokenize(ctx, wav.data(), samples, &ids);
    EXPECT_EQ(ids.size(), 1u) << samples;
  }
  network.tokenize(ctx, wav.data(), 1281, &ids);
  EXPECT_EQ(ids.size(), 2u);
}

TEST(GlmTokenizer, what_cannot_be_a_window_is_refused) {
  const GlmTokenizer network(golden_model());
  Machine machine;
  Context ctx = machine.context();
  const auto wav = long_audio(network.max_window_samples() + 1);
  std::vector<int32_t> ids;
  Matrix mel;
  expect_error(GPA_ERROR_AUDIO, [&] { network.tokenize(ctx, wav.data(), 0, &ids); });
  expect_error(GPA_ERROR_AUDIO, [&] { network.mel(ctx, wav.data(), network.max_window_samples() + 1, &mel); });
  network.mel(ctx, wav.data(), 1280, &mel);
  expect_error(GPA_ERROR_INVALID_ARGUMENT, [&] { network.encode(ctx, mel, 1281, &ids); });
  expect_error(GPA_ERROR_INVALID_ARGUMENT, [&] { network.encode(ctx, mel, 0, &ids); });
}

TEST(Wav2Vec2, long_audio_in_windows_equals_one_piece) {
  const Wav2Vec2 network(golden_model());
  Machine machine;
  for (const int64_t samples : {400 + 320 * 511, 400 + 320 * 512, 400 + 320 * 1024 + 319}) {
    const auto wav = long_audio(samples);
    Recording observer;
    Context observed = machine.context(&observer), ctx = machine.context();
    const Matrix whole = network.features(observed, wav.data(), samples), windows = network.features(ctx, wav.data(), samples);
    ASSERT_EQ(whole.rows, windows.rows);
    const auto count = static_cast<size_t>(whole.rows * whole.cols);
    EXPECT_LE(nmse({windows.data, windows.data + count}, {whole.data, whole.data + count}), 1e-12) << samples;
  }
}

TEST(Wav2Vec2, audio_shorter_than_a_frame_is_an_audio_error) {
  const Wav2Vec2 network(golden_model());
  Machine machine;
  Context ctx = machine.context();
  const auto wav = long_audio(400);
  EXPECT_EQ(network.features(ctx, wav.data(), 400).rows, 1);
  for (const int64_t samples : {0, 1, 9, 10, 399}) {
    expect_error(GPA_ERROR_AUDIO, [&] { network.features(ctx, wav.data(), samples); });
  }
}

TEST(SpeakerEncoder, short_clip_is_repeated) {
  const SpeakerEncoder network(golden_model());
  Machine machine;
  Context ctx = machine.context();
  const auto part = long_audio(7777);
  std::vector<float> repeated;
  while (repeated.size() < 200000) repeated.insert(repeated.end(), part.begin(), part.end());
  const Matrix once = network.mel(ctx, part.data(), 7777);
  const Matrix many = network.mel(ctx, repeated.data(), static_cast<int64_t>(repeated.size()));
  ASSERT_EQ(once.rows, many.rows);
  const auto count = static_cast<size_t>(once.rows * once.cols);
  EXPECT_EQ(std::vector<float>(once.data, once.data + count), std::vector<float>(many.data, many.data + count));
  expect_error(GPA_ERROR_AUDIO, [&] { network.mel(ctx, part.data(), 0); });
}

TEST(Networks, inputs_of_another_width_are_invalid_arguments) {
  Machine machine;
  Context ctx = machine.context();
  const Matrix bad = ctx.arena.matrix(4, 3);
  std::vector<int32_t> ids;
  expect_error(GPA_ERROR_INVALID_ARGUMENT, [&] { BicodecEncoder(golden_model()).encode(ctx, bad, &ids); });
  expect_error(GPA_ERROR_INVALID_ARGUMENT, [&] { SpeakerEncoder(golden_model()).encode(ctx, bad, &ids); });
}

}  // namespace
}  // namespace gpa::test
