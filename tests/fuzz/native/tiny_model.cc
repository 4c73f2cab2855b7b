#include "tiny_model.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "gpa/gpa.h"
#include "harness.h"
#include "io/gguf_types.h"

namespace gpa::fuzz {
namespace {

struct Number {
  const char* key;
  double value;
};

constexpr Number kIntegers[] = {
    {"gpa.format_version", 1}, {"general.alignment", 64},
    {"gpa.decoder.block_count", 2}, {"gpa.decoder.embedding_length", 32}, {"gpa.decoder.feed_forward_length", 32},
    {"gpa.decoder.head_count", 4}, {"gpa.decoder.head_count_kv", 2}, {"gpa.decoder.head_dim", 8}, {"gpa.decoder.context_length", 64},
    {"gpa.decoder.vocab_size", 96},
    {"gpa.tokens.end_of_answer", 40}, {"gpa.tokens.start_content", 41}, {"gpa.tokens.end_content", 42}, {"gpa.tokens.start_global", 43},
    {"gpa.tokens.end_global", 44}, {"gpa.tokens.start_semantic", 45}, {"gpa.tokens.end_semantic", 46}, {"gpa.tokens.start_glm", 47},
    {"gpa.tokens.end_glm", 48}, {"gpa.tokens.text_count", 40},
    {"gpa.tokens.glm.first", 50}, {"gpa.tokens.glm.count", 8}, {"gpa.tokens.global.first", 60}, {"gpa.tokens.global.count", 8},
    {"gpa.tokens.semantic.first", 70}, {"gpa.tokens.semantic.count", 8}, {"gpa.sampling.top_k", 5},
    {"gpa.glm.block_count", 1}, {"gpa.glm.embedding_length", 8}, {"gpa.glm.head_count", 2}, {"gpa.glm.feed_forward_length", 8},
    {"gpa.glm.causal_block", 4}, {"gpa.glm.pooling", 4}, {"gpa.glm.max_positions", 16}, {"gpa.glm.mel_bins", 8},
    {"gpa.wav2vec2.block_count", 1}, {"gpa.wav2vec2.embedding_length", 8}, {"gpa.wav2vec2.head_count", 2},
    {"gpa.wav2vec2.feed_forward_length", 8}, {"gpa.wav2vec2.positional_taps", 4}, {"gpa.wav2vec2.positional_groups", 2},
    {"gpa.codec.sample_rate", 16000}, {"gpa.codec.hop", 4}, {"gpa.codec.encoder.block_count", 1}, {"gpa.codec.prenet.block_count", 1},
    {"gpa.speaker.token_count", 32}, {"gpa.speaker.n_fft", 32}, {"gpa.speaker.win_length", 16}, {"gpa.speaker.hop_length", 16},
    {"gpa.speaker.mel_bins", 8}, {"gpa.speaker.clip_samples", 64},
};

constexpr Number kFloats[] = {
    {"gpa.decoder.rms_epsilon", 1e-6}, {"gpa.decoder.rope_theta", 1e6}, {"gpa.wav2vec2.layer_norm_epsilon", 1e-5},
    {"gpa.speaker.mel_fmin", 10}, {"gpa.speaker.mel_fmax", 8000}, {"gpa.sampling.temperature", 0.2},
};

struct Numbers {
  const char* key;
  std::vector<double> values;
};

// Blocks that are read until absent: without their first tensor there are none.
constexpr const char* kFirstOfBlocks[] = {
    "codec.encoder.stage.0.blk.0.dwconv.weight", "codec.encoder.stage.1.blk.0.dwconv.weight", "codec.prenet.stage.0.blk.0.dwconv.weight",
    "codec.prenet.stage.1.blk.0.dwconv.weight"};

GgufImage metadata() {
  GgufImage image;
  const auto add = [&](ImageValue value) { image.values.push_back(std::move(value)); };
  add({"general.architecture", kGgufString, kGgufString, {}, {"gpa"}});
  add({"gpa.networks", kGgufArray, kGgufString, {}, {"decoder", "glm", "wav2vec2", "codec", "speaker"}});
  add({"gpa.decoder.architecture", kGgufString, kGgufString, {}, {"qwen3"}});
  for (const Number& number : kIntegers) add({number.key, kGgufU32, kGgufU32, {number.value}});
  for (const Number& number : kFloats) add({number.key, kGgufF32, kGgufF32, {number.value}});
  for (const char* key : {"gpa.codec.volume_normalize", "gpa.codec.prenet.tanh"}) add({key, kGgufBool, kGgufBool, {1}});
  const Numbers arrays[] = {
      {"gpa.wav2vec2.conv_dim", {4, 4}}, {"gpa.wav2vec2.conv_taps", {10, 3}}, {"gpa.wav2vec2.conv_stride", {5, 2}},
      {"gpa.wav2vec2.feature_layers", {0, 1}}, {"gpa.codec.generator.rates", {2, 2}}, {"gpa.codec.generator.taps", {4, 4}},
      {"gpa.speaker.fsq_levels", {2, 2, 2}}};
  for (const Numbers& array : arrays) add({array.key, kGgufArray, kGgufI32, array.values});
  return image;
}

[[noreturn]] void give_up(const char* message) {
  std::fprintf(stderr, "the tiny model cannot be completed: %s\n", message);
  std::abort();
}

// Does what a refusal asks for.
void satisfy(GgufImage* image, const char* message) {
  char name[200];
  long long rows = 0, cols = 0;
  const char* at = std::strstr(message, "tensor '");
  if (!at || std::sscanf(at, "tensor '%199[^']'", name) != 1) give_up(message);
  if (std::strstr(at, "is missing")) {
    image->tensors.push_back({interned(name), 0, {8, 8}});
    return;
  }
  ImageTensor* tensor = image->find_tensor(name);
  const char* expected = std::strstr(at, ", expected ");
  if (!tensor || !expected) give_up(message);
  if (std::sscanf(expected, ", expected %lld rows of %lld", &rows, &cols) == 2) {
    tensor->shape = {static_cast<uint64_t>(rows), static_cast<uint64_t>(cols)};
  } else if (std::sscanf(expected, ", expected %lld elements", &rows) == 1) {
    tensor->shape = {static_cast<uint64_t>(rows)};
  } else {
    give_up(message);
  }
}

}  // namespace

GgufImage tiny_model() {
  GgufImage image = metadata();
  for (const char* name : kFirstOfBlocks) image.tensors.push_back({interned(name), 0, {8}});
  image.tensors.push_back({interned("speaker.perceiver.blk.0.attn_q.weight"), 0, {64, 8}});
  MemoryFile file;
  for (int attempt = 0; attempt < 2000; ++attempt) {
    file.write(image.bytes());
    gpa_model* model = nullptr;
    gpa_error error{};
    if (gpa_model_open(file.path(), 1, &model, &error) == GPA_OK) {
      gpa_model_free(model);
      return image;
    }
    satisfy(&image, error.message);
  }
  give_up("too many refusals");
}

}  // namespace gpa::fuzz
