// A decoder whose answers are known beforehand, for tests of everything around it: every id has a hidden state of its own
// (one column is 1, the others 0), attention and feed-forward add nothing, and the head's largest logit after id i is i + 1
// (after the last id, 0). A product with one non-zero term is exact, so the logits have the same bits in any batch.
#pragma once
#include <cmath>
#include <random>

#include "engine/gguf_builder.h"
#include "engine/support.h"

namespace gpa::test {

constexpr int32_t kWalkVocab = 64;
constexpr uint32_t kWalkContext = 1 << 20;  // far more than a test waits for: without an end token an answer goes on until cancelled

inline int32_t walk_next(int32_t id) { return (id + 1) % kWalkVocab; }

// count ids after `id`.
inline std::vector<int32_t> walk_from(int32_t id, int64_t count) {
  std::vector<int32_t> out;
  for (int64_t i = 0; i < count; ++i) out.push_back(id = walk_next(id));
  return out;
}

// The head [vocab, dim]: 4 where an id follows, elsewhere between 0 and 1.
inline std::vector<float> walk_head() {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> noise(0.0f, 1.0f);
  std::vector<float> head(kWalkVocab * kWalkVocab);
  for (float& weight : head) weight = noise(random);
  for (int32_t id = 0; id < kWalkVocab; ++id) head[static_cast<size_t>(walk_next(id) * kWalkVocab + id)] = 4;
  return head;
}

// extra: is given the builder, for more values and tensors.
template <class Extra>
Bytes walk_model(const std::vector<float>& head, Extra extra) {
  constexpr uint64_t kDim = kWalkVocab, kFfn = 8, kHeadDim = 2;
  const auto constant = [](uint64_t count, float value) { return std::vector<float>(count, value); };
  std::vector<float> identity(kDim * kDim, 0.0f);
  for (uint64_t i = 0; i < kDim; ++i) identity[i * kDim + i] = 1;
  GgufBuilder file;
  file.value("general.architecture", "gpa").value("gpa.format_version", 1u).value("gpa.networks", std::vector<std::string>{"decoder"});
  file.value("gpa.decoder.architecture", "qwen3").value("gpa.decoder.block_count", 1u);
  file.value("gpa.decoder.embedding_length", uint32_t{kDim}).value("gpa.decoder.feed_forward_length", uint32_t{kFfn});
  file.value("gpa.decoder.head_count", 1u).value("gpa.decoder.head_count_kv", 1u).value("gpa.decoder.head_dim", uint32_t{kHeadDim});
  file.value("gpa.decoder.context_length", kWalkContext).value("gpa.decoder.vocab_size", static_cast<uint32_t>(kWalkVocab));
  file.value("gpa.decoder.rms_epsilon", 1e-6f).value("gpa.decoder.rope_theta", 1e6f);
  file.tensor("decoder.token_embd.weight", {kDim, kDim}, identity);
  file.tensor("decoder.output.weight", {kDim, kDim}, head);
  file.tensor("decoder.output_norm.weight", {kDim}, constant(kDim, 1));
  const auto layer = [&](const char* name, const std::vector<uint64_t>& shape, float value) {
    file.tensor(std::string("decoder.blk.0.") + name + ".weight", shape, constant(shape[0] * (shape.size() > 1 ? shape[1] : 1), value));
  };
  layer("attn_norm", {kDim}, 1);
  layer("ffn_norm", {kDim}, 1);
  layer("attn_q_norm", {kHeadDim}, 1);
  layer("attn_k_norm", {kHeadDim}, 1);
  for (const char* name : {"attn_q", "attn_k", "attn_v"}) layer(name, {kHeadDim, kDim}, 0);
  layer("attn_output", {kDim, kHeadDim}, 0);
  layer("ffn_gate", {kFfn, kDim}, 0);
  layer("ffn_up", {kFfn, kDim}, 0);
  layer("ffn_down", {kDim, kFfn}, 0);
  extra(file);
  return file.build();
}

inline Bytes walk_model() {
  return walk_model(walk_head(), [](GgufBuilder&) {});
}

}  // namespace gpa::test
