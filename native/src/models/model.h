// A GPA model file with the networks it holds. Immutable; weights stay in the mapping.
#pragma once
#include <memory>
#include <mutex>
#include <string>

#include "gpa/kernels/packed_weights.h"
#include "io/gguf_file.h"
#include "models/bicodec_decoder.h"
#include "models/bicodec_encoder.h"
#include "models/glm_tokenizer.h"
#include "models/qwen3.h"
#include "models/speaker_encoder.h"
#include "models/token_space.h"
#include "models/wav2vec2.h"

namespace gpa {

class Model {
 public:
  // Opens a file of architecture `gpa` and looks up every tensor of its networks. check_finite: also reads all weights and
  // refuses NaN and infinity, naming the tensor. Errors: IO, MODEL_FORMAT, UNSUPPORTED.
  static std::shared_ptr<const Model> open(const std::string& path, bool check_finite);

  const std::shared_ptr<const GgufFile>& file() const { return file_; }
  const TokenSpace& tokens() const { return tokens_; }
  bool normalizes_volume() const { return normalizes_volume_; }

  bool has_decoder() const { return decoder_ != nullptr; }

  // The network. Error(UNSUPPORTED) naming it when the file does not hold it.
  const Qwen3& decoder() const { return get(decoder_, "decoder"); }
  const GlmTokenizer& glm() const { return get(glm_, "glm"); }
  const Wav2Vec2& wav2vec2() const { return get(wav2vec2_, "wav2vec2"); }
  const BicodecEncoder& codec_encoder() const { return get(codec_encoder_, "codec"); }
  const BicodecDecoder& codec_decoder() const { return get(codec_decoder_, "codec"); }
  const SpeakerEncoder& speaker() const { return get(speaker_, "speaker"); }

  // The decoder's weights as these kernels read them fastest, made by so many threads and shared by all that hold them; null: there is no
  // decoder. The file's own pages are given back: they are touched no more, but for the embeddings of a few ids. Thread-safe.
  // Throws std::bad_alloc.
  std::shared_ptr<const PackedWeights> packed_decoder(const KernelTable& kernels, int threads) const;

 private:
  Model() = default;
  template <class Network>
  const Network& get(const std::unique_ptr<const Network>& network, const char* name) const {
    if (!network) refuse_missing(name);
    return *network;
  }
  [[noreturn]] void refuse_missing(const char* network) const;
  void construct();

  std::shared_ptr<const GgufFile> file_;
  TokenSpace tokens_;
  bool normalizes_volume_ = true;
  std::unique_ptr<const Qwen3> decoder_;
  std::unique_ptr<const GlmTokenizer> glm_;
  std::unique_ptr<const Wav2Vec2> wav2vec2_;
  std::unique_ptr<const BicodecEncoder> codec_encoder_;
  std::unique_ptr<const BicodecDecoder> codec_decoder_;
  std::unique_ptr<const SpeakerEncoder> speaker_;
  mutable std::mutex packed_mutex_;
  mutable std::weak_ptr<const PackedWeights> packed_;
};

}  // namespace gpa
