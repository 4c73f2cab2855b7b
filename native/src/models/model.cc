#include "models/model.h"

#include <cstring>

#include "error.h"
#include "gpa/kernels/thread_pool.h"
#include "io/gguf_reader.h"
#include "io/gguf_types.h"
#include "log.h"

namespace gpa {
namespace {

// Index of the first element whose exponent bits are all ones (NaN or infinity); -1: none.
template <class Word>
int64_t find_not_finite(const void* data, int64_t count, Word exponent) {
  const auto* words = static_cast<const Word*>(data);
  constexpr int64_t kBlock = 4096;
  for (int64_t begin = 0; begin < count; begin += kBlock) {
    const int64_t end = begin + kBlock < count ? begin + kBlock : count;
    int bad = 0;
    for (int64_t i = begin; i < end; ++i) bad |= (words[i] & exponent) == exponent;
    if (!bad) continue;
    for (int64_t i = begin; i < end; ++i) {
      if ((words[i] & exponent) == exponent) return i;
    }
  }
  return -1;
}

// The same for the scales of blocks; the index is of the block's first element.
int64_t find_scale_not_finite(const GgufTensor& tensor, Block block) {
  const auto* bytes = static_cast<const char*>(tensor.data) + block.scale_offset;
  for (int64_t i = 0; i < tensor.bytes / block.bytes; ++i) {
    uint16_t scales[2] = {};
    std::memcpy(scales, bytes + i * block.bytes, static_cast<size_t>(block.scale_count) * sizeof(uint16_t));
    if ((scales[0] & 0x7C00) == 0x7C00 || (scales[1] & 0x7C00) == 0x7C00) return i * block.elements;
  }
  return -1;
}

void refuse_not_finite(const GgufFile& file) {
  for (const GgufTensor& tensor : file.tensors()) {
    int64_t found = -1;
    switch (static_cast<DType>(tensor.type)) {
      case DType::kF32: found = find_not_finite<uint32_t>(tensor.data, tensor.bytes / 4, 0x7F800000u); break;
      case DType::kF16: found = find_not_finite<uint16_t>(tensor.data, tensor.bytes / 2, uint16_t{0x7C00}); break;
      case DType::kBF16: found = find_not_finite<uint16_t>(tensor.data, tensor.bytes / 2, uint16_t{0x7F80}); break;
      case DType::kI32: break;
      default: found = find_scale_not_finite(tensor, dtype_block(static_cast<DType>(tensor.type))); break;
    }
    if (found >= 0) {
      fail(GPA_ERROR_MODEL_FORMAT, "%s: tensor %s holds NaN or infinity at element %lld", file.path().c_str(),
           quoted(tensor.name).c_str(), static_cast<long long>(found));
    }
  }
}

void require_voice_tokens(const GgufFile& file, int64_t count) {
  if (count != GPA_VOICE_TOKENS) {
    fail(GPA_ERROR_UNSUPPORTED, "%s: voices of %lld tokens; this library knows %d", file.path().c_str(),
         static_cast<long long>(count), GPA_VOICE_TOKENS);
  }
}

// Counts that are read from the tensors (blk.N until absent) would hide a missing one: what it leaves behind tells.
void refuse_strangers(const GgufFile& file) {
  for (const GgufTensor& tensor : file.tensors()) {
    if (tensor.taken) continue;
    fail(GPA_ERROR_MODEL_FORMAT, "%s: tensor %s belongs to no network of this model; a tensor before it is missing, or it is renamed",
         file.path().c_str(), quoted(tensor.name).c_str());
  }
}

}  // namespace

std::shared_ptr<const Model> Model::open(const std::string& path, bool check_finite) {
  std::shared_ptr<Model> model(new Model);
  model->file_ = GgufFile::open(path);
  model->construct();
  if (check_finite) refuse_not_finite(*model->file_);
  log(LogLevel::kInfo, "opened %s: %zu tensors", path.c_str(), model->file_->tensors().size());
  return model;
}

void Model::construct() {
  const GgufFile& file = *file_;
  const char* path = file.path().c_str();
  const std::string_view architecture = file.string("general.architecture");
  if (architecture != "gpa") {
    fail(GPA_ERROR_UNSUPPORTED, "%s: architecture %s; this library runs 'gpa' files, as `gpa convert` writes them", path, quoted(architecture).c_str());
  }
  const int64_t version = file.integer("gpa.format_version", 0, 1 << 30);
  if (version != 1) fail(GPA_ERROR_UNSUPPORTED, "%s: gpa.format_version %lld; this library reads 1", path, static_cast<long long>(version));
  const GgufValue* networks = file.find_value("gpa.networks");
  if (!networks || networks->type != kGgufArray || networks->element_type != kGgufString || networks->strings.size() == 0) {
    fail(GPA_ERROR_MODEL_FORMAT, "%s: metadata 'gpa.networks' is no array of names", path);
  }
  for (size_t i = 0; i < networks->strings.size(); ++i) {
    const std::string_view name = networks->strings[i];
    for (size_t before = 0; before < i; ++before) {
      if (networks->strings[before] == name) fail(GPA_ERROR_MODEL_FORMAT, "%s: metadata 'gpa.networks' names a network twice", path);
    }
    if (name == "decoder") {
      decoder_ = std::make_unique<Qwen3>(file);
    } else if (name == "glm") {
      glm_ = std::make_unique<GlmTokenizer>(file);
    } else if (name == "wav2vec2") {
      wav2vec2_ = std::make_unique<Wav2Vec2>(file);
    } else if (name == "codec") {
      codec_encoder_ = std::make_unique<BicodecEncoder>(file);
      codec_decoder_ = std::make_unique<BicodecDecoder>(file);
      require_voice_tokens(file, codec_decoder_->global_count());
      normalizes_volume_ = file.integer("gpa.codec.volume_normalize", 0, 1) != 0;
    } else if (name == "speaker") {
      require_voice_tokens(file, file.integer("gpa.speaker.token_count", 1, 1 << 20));
      speaker_ = std::make_unique<SpeakerEncoder>(file);
    } else {
      fail(GPA_ERROR_UNSUPPORTED, "%s: metadata 'gpa.networks' names the unknown network %s", path, quoted(name).c_str());
    }
  }
  if (decoder_) {
    const bool audio = glm_ || wav2vec2_ || codec_encoder_ || speaker_;
    tokens_ = TokenSpace::read(file, decoder_->vocab(), audio);
    if (codec_decoder_ && tokens_.semantic.count > codec_decoder_->code_count()) {
      fail(GPA_ERROR_MODEL_FORMAT, "%s: gpa.tokens.semantic.count is %d, the codec has %lld codes", path, tokens_.semantic.count,
           static_cast<long long>(codec_decoder_->code_count()));
    }
    if (codec_decoder_ && tokens_.global.count > codec_decoder_->global_code_count()) {
      fail(GPA_ERROR_MODEL_FORMAT, "%s: gpa.tokens.global.count is %d, the codec has %lld codes", path, tokens_.global.count,
           static_cast<long long>(codec_decoder_->global_code_count()));
    }
  }
  refuse_strangers(file);
}

std::shared_ptr<const PackedWeights> Model::packed_decoder(const KernelTable& kernels, int threads) const {
  if (!decoder_) return nullptr;
  std::lock_guard lock(packed_mutex_);
  if (auto packed = packed_.lock(); packed && &packed->kernels() == &kernels) return packed;
  const std::vector<Weight> weights = decoder_->products();
  ThreadPool pool(threads);
  auto packed = std::make_shared<const PackedWeights>(kernels, pool, weights.data(), static_cast<int64_t>(weights.size()));
  for (const Weight& w : weights) {
    if (packed->find(w.data).panels) file_->give_back(w.data, static_cast<size_t>(w.rows * dtype_bytes(w.type, w.cols)));
  }
  packed_ = packed;
  return packed;
}

void Model::refuse_missing(const char* network) const {
  fail(GPA_ERROR_UNSUPPORTED, "%s holds no %s network: this task needs a model converted from a whole GPA checkpoint",
       file_->path().c_str(), network);
}

}  // namespace gpa
