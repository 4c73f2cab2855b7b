#include "engine/stages.h"

#include <cmath>
#include <cstring>
#include <vector>

#include "audio/volume.h"
#include "engine/allowed_ids.h"
#include "engine/sampler.h"
#include "error.h"
#include "layers/kv_cache.h"
#include "raw_enum.h"

namespace gpa {
namespace {

// The inputs of one run, by name and checked for type.
class Inputs {
 public:
  Inputs(const char* network, std::span<const gpa_tensor> tensors) : network_(network), tensors_(tensors) {}

  const gpa_tensor* find(const char* name) const {
    for (const gpa_tensor& tensor : tensors_) {
      if (std::strcmp(tensor.name, name) == 0) return &tensor;
    }
    return nullptr;
  }
  Matrix matrix(const char* name) const {
    const gpa_tensor& tensor = require(name, GPA_F32);
    return {const_cast<float*>(static_cast<const float*>(tensor.data)), tensor.rows, tensor.cols};  // networks only read it
  }
  std::span<const float> floats(const char* name) const {
    const gpa_tensor& tensor = require(name, GPA_F32);
    return {static_cast<const float*>(tensor.data), static_cast<size_t>(tensor.rows * tensor.cols)};
  }
  std::span<const int32_t> ids(const char* name) const {
    const gpa_tensor& tensor = require(name, GPA_I32);
    return {static_cast<const int32_t*>(tensor.data), static_cast<size_t>(tensor.rows * tensor.cols)};
  }
  // ids() whose values lie in [0, end); at least one.
  std::span<const int32_t> ids_below(const char* name, int64_t end) const {
    const std::span<const int32_t> values = ids(name);
    if (values.empty()) refuse(name, "is empty");
    for (int32_t id : values) {
      if (id < 0 || id >= end) refuse(name, ("holds " + std::to_string(id) + ", which is not in [0, " + std::to_string(end) + ")").c_str());
    }
    return values;
  }
  float number(const char* name) const {
    const std::span<const float> values = floats(name);
    if (values.size() != 1) refuse(name, "must hold one number");
    return values[0];
  }
  int32_t integer(const char* name) const {
    const std::span<const int32_t> values = ids(name);
    if (values.size() != 1) refuse(name, "must hold one integer");
    return values[0];
  }
  [[noreturn]] void refuse(const char* name, const char* what) const {
    fail(GPA_ERROR_INVALID_ARGUMENT, "network '%.40s': input '%s' %s", network_, name, what);
  }

 private:
  const gpa_tensor& require(const char* name, gpa_dtype type) const {
    const gpa_tensor* tensor = find(name);
    if (!tensor) refuse(name, "is missing");
    if (tensor->type != type) refuse(name, type == GPA_F32 ? "must be f32" : "must be i32");
    return *tensor;
  }

  const char* network_;
  std::span<const gpa_tensor> tensors_;
};

std::span<const float> wav_of(const Inputs& in, const char* name) {
  const std::span<const float> wav = in.floats(name);
  if (wav.empty()) fail(GPA_ERROR_AUDIO, "input '%s' is empty", name);
  for (float sample : wav) {
    if (!std::isfinite(sample)) fail(GPA_ERROR_AUDIO, "input '%s' holds a sample that is not finite", name);
  }
  return wav;
}

void run_volume(const Model&, const Inputs& in, Context& context) {
  const std::span<const float> wav = wav_of(in, "wav");
  const Matrix out = context.arena.host_matrix(1, static_cast<int64_t>(wav.size()));
  normalize_volume(wav.data(), out.cols, out.data);
  context.trace_host("wav_normalized", out);
}

void run_glm_mel(const Model& model, const Inputs& in, Context& context) {
  const std::span<const float> wav = wav_of(in, "wav");
  Matrix mel;
  model.glm().mel(context, wav.data(), static_cast<int64_t>(wav.size()), &mel);
}

void run_glm_tokenizer(const Model& model, const Inputs& in, Context& context) {
  const Matrix mel = in.matrix("glm_mel");
  std::vector<int32_t> ids;
  model.glm().encode(context, mel, in.integer("samples"), &ids);
}

void run_wav2vec2(const Model& model, const Inputs& in, Context& context) {
  const std::span<const float> wav = wav_of(in, "wav_normalized");
  model.wav2vec2().features(context, wav.data(), static_cast<int64_t>(wav.size()));
}

void run_bicodec_encoder(const Model& model, const Inputs& in, Context& context) {
  std::vector<int32_t> ids;
  model.codec_encoder().encode(context, context.upload(in.matrix("w2v_feat")), &ids);
}

void run_speaker_mel(const Model& model, const Inputs& in, Context& context) {
  const std::span<const float> wav = wav_of(in, "wav_normalized");
  model.speaker().mel(context, wav.data(), static_cast<int64_t>(wav.size()));
}

void run_speaker_encoder(const Model& model, const Inputs& in, Context& context) {
  std::vector<int32_t> ids;
  model.speaker().encode(context, in.matrix("speaker_mel"), &ids);
}

void run_bicodec_decoder(const Model& model, const Inputs& in, Context& context) {
  const BicodecDecoder& decoder = model.codec_decoder();
  const std::span<const int32_t> semantic = in.ids_below("semantic_ids", decoder.code_count());
  const std::span<const int32_t> global = in.ids_below("global_ids", decoder.global_code_count());
  if (static_cast<int64_t>(global.size()) != decoder.global_count()) in.refuse("global_ids", "is not one voice");
  const auto count = static_cast<int64_t>(semantic.size());
  decoder.decode(context, semantic.data(), count, global.data(), context.arena.host_matrix(1, decoder.samples(count)).data);
}

void run_decoder(const Model& model, const Inputs& in, Context& context) {
  const Qwen3& decoder = model.decoder();
  const std::span<const int32_t> prompt = in.ids_below("prompt", decoder.vocab());
  const auto count = static_cast<int64_t>(prompt.size());
  if (count > decoder.context_length()) {
    fail(GPA_ERROR_CAPACITY, "input 'prompt' of %lld ids; the model's context holds %lld", static_cast<long long>(count),
         static_cast<long long>(decoder.context_length()));
  }
  const bool all = in.find("all") && in.integer("all") != 0;
  KvPool pool(context.queue, decoder.kv_shape(), kv_pages(count));
  KvSequence sequence(pool);
  const DecoderSpan span{&sequence, count};
  const Matrix hidden = decoder.forward(context, prompt, {&span, 1});
  const IdRange everything{0, static_cast<int32_t>(decoder.vocab())};
  if (all) context.trace("logits_all", decoder.logits(context, hidden, {&everything, 1}));
  const Matrix last{hidden.data + (count - 1) * hidden.cols, 1, hidden.cols};
  context.trace("logits_last", decoder.logits(context, last, {&everything, 1}));
}

// The inputs that both sampler stages take.
struct SamplerInputs {
  std::vector<float> logits;
  std::vector<uint32_t> seen;
  gpa_sampling sampling;

  explicit SamplerInputs(const Inputs& in) : sampling{} {
    const std::span<const float> row = in.floats("logits");
    if (row.empty()) in.refuse("logits", "is empty");
    logits.assign(row.begin(), row.end());
    seen = seen_columns(AllowedIds({{0, static_cast<int32_t>(row.size())}}), in.ids("ids"));
    const float top_k = in.number("top_k");
    if (!(top_k >= 0 && top_k <= 1e9f) || top_k != std::floor(top_k)) in.refuse("top_k", "must be a whole number from 0");
    sampling.top_k = static_cast<int32_t>(top_k);
    sampling.temperature = in.number("temperature");
    sampling.top_p = in.number("top_p");
    sampling.repetition_penalty = in.number("repetition_penalty");
    check_sampling(sampling);
  }
};

void run_sampler(const Model&, const Inputs& in, Context& context) {
  SamplerInputs inputs(in);
  std::vector<float> probs = distribution(inputs.logits, inputs.seen, inputs.sampling);
  context.trace_host("probs", {probs.data(), 1, static_cast<int64_t>(probs.size())});
}

void run_sampler_draws(const Model&, const Inputs& in, Context& context) {
  SamplerInputs inputs(in);
  inputs.sampling.seed = static_cast<uint32_t>(in.integer("seed"));
  const int32_t draws = in.integer("draws");
  if (draws < 1 || draws > 1 << 24) in.refuse("draws", "must lie in [1, 2^24]");
  std::vector<int32_t> drawn(static_cast<size_t>(draws));
  draw_many(inputs.logits, inputs.seen, inputs.sampling, drawn);
  context.trace_ids("drawn", drawn.data(), draws);
}

struct Stage {
  const char* name;
  void (*run)(const Model&, const Inputs&, Context&);
};

constexpr Stage kStages[] = {
    {"volume", run_volume},
    {"glm_mel", run_glm_mel},
    {"glm_tokenizer", run_glm_tokenizer},
    {"wav2vec2", run_wav2vec2},
    {"bicodec_encoder", run_bicodec_encoder},
    {"speaker_mel", run_speaker_mel},
    {"speaker_encoder", run_speaker_encoder},
    {"bicodec_decoder", run_bicodec_decoder},
    {"decoder", run_decoder},
    {"sampler", run_sampler},
    {"sampler_draws", run_sampler_draws},
};

void check_inputs(std::span<const gpa_tensor> inputs) {
  constexpr int64_t kMaxElements = int64_t{1} << 40;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const gpa_tensor& tensor = inputs[i];
    int64_t elements = 0;
    if (!tensor.name) fail(GPA_ERROR_INVALID_ARGUMENT, "inputs[%zu].name is null", i);
    if (tensor.rows < 0 || tensor.cols < 0 || __builtin_mul_overflow(tensor.rows, tensor.cols, &elements) || elements > kMaxElements) {
      fail(GPA_ERROR_INVALID_ARGUMENT, "input '%.60s' has the shape %lld x %lld", tensor.name, static_cast<long long>(tensor.rows),
           static_cast<long long>(tensor.cols));
    }
    if (!tensor.data && elements > 0) fail(GPA_ERROR_INVALID_ARGUMENT, "input '%.60s' has no data", tensor.name);
    if (raw_enum(tensor.type) != GPA_F32 && raw_enum(tensor.type) != GPA_I32) fail(GPA_ERROR_INVALID_ARGUMENT, "input '%.60s' is neither f32 nor i32", tensor.name);
  }
}

}  // namespace

void run_stage(const Model& model, const Compute& compute, const char* network, std::span<const gpa_tensor> inputs,
               gpa_trace_fn trace, void* user) {
  check_inputs(inputs);
  for (const Stage& stage : kStages) {
    if (std::strcmp(stage.name, network) != 0) continue;
    const std::unique_ptr<Queue> queue = compute.make_queue();
    Arena arena(*queue);
    Context context{compute.kernels, *queue, arena, compute.rounding, trace, user};
    stage.run(model, Inputs(network, inputs), context);
    return;
  }
  fail(GPA_ERROR_INVALID_ARGUMENT, "there is no network '%.60s'", network);
}

}  // namespace gpa
