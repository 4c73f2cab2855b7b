// The decoder: Qwen3ForCausalLM and Qwen2ForCausalLM.
//
//   x = embed(ids)
//   per layer:  h = rms(x);  q, k, v = Wq h (+ bq), Wk h (+ bk), Wv h (+ bv)          biases: qwen2
//               q, k = rms per head (qwen3), then RoPE (rotate-half);  k, v -> cache
//               x += Wo softmax(q . k / sqrt(head_dim), causal, grouped heads) v
//               h = rms(x);  x += Wdown (silu(Wgate h) * (Wup h))
//   hidden_final = rms(x);  logits = Whead hidden_final        Whead = the embedding where there is no `output.weight`
//
// Source: Yang et al. 2025 (Qwen3 technical report); HF modeling_qwen3, modeling_qwen2.
#pragma once
#include <span>
#include <vector>

#include "layers/context.h"
#include "layers/id_range.h"
#include "layers/decoder_step.h"
#include "layers/kv_cache.h"
#include "models/weights.h"

namespace gpa {

class Qwen3 {
 public:
  // Reads gpa.decoder.* and finds the tensors behind `decoder.`. Errors: MODEL_FORMAT, UNSUPPORTED. The file must outlive it.
  explicit Qwen3(const GgufFile& file);

  int64_t vocab() const { return embedding_.rows; }
  int64_t dim() const { return embedding_.cols; }
  int64_t context_length() const { return context_length_; }
  // Keys and values are kept as precisely as the weights that make them: in f32 with F32 weights, else in f16.
  KvShape kv_shape() const;
  // The matrices that activations are multiplied by.
  std::vector<Weight> products() const;

  // Runs one step over rows of any sequences (each at most once), which lie in pools of kv_shape() on the context's queue. ids: the
  // host's, the rows of all spans one after the other, each in [0, vocab()); a row's position is its sequence's length plus its place in the span. Stores keys and values, advances the
  // sequences, and returns the hidden states after the last norm [rows, dim], in the arena. Traces hidden_1, hidden_final.
  // Errors: CAPACITY, OUT_OF_MEMORY; the sequences' lengths are then as before.
  Matrix forward(const Context& context, std::span<const int32_t> ids, std::span<const DecoderSpan> spans) const;
  // The same of a step that is planned; gives ops to the queue and nothing else. The sequences are not advanced.
  Matrix run(const Context& context, const DecoderStep& step) const;

  // Logits of the ids in `ranges`, in their order, for each row of hidden: [hidden.rows, sum of counts], in the arena.
  Matrix logits(const Context& context, const Matrix& hidden, std::span<const IdRange> ranges) const;

 private:
  struct Layer {
    const float* attn_norm;
    Linear q, k, v;
    const float* q_norm;  // [head_dim]; null: qwen2
    const float* k_norm;
    Linear output;
    const float* ffn_norm;
    Linear gate, up, down;
  };

  void attend(const Context& context, int64_t index, const DecoderStep& step, Matrix x) const;
  void feed_forward(const Context& context, const Layer& layer, Matrix x) const;

  int64_t heads_, kv_heads_, head_dim_, context_length_;
  float epsilon_, theta_;
  Weight embedding_, head_;
  const float* output_norm_;
  std::vector<Layer> layers_;
};

}  // namespace gpa
