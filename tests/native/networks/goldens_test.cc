// Every network against what the reference implementation computes, stage by stage and from end to end, on every golden clip.
#include "audio/volume.h"
#include "models/bicodec_decoder.h"
#include "models/bicodec_encoder.h"
#include "models/glm_tokenizer.h"
#include "models/speaker_encoder.h"
#include "models/wav2vec2.h"
#include "networks/golden_model.h"

namespace gpa::test {
namespace {

constexpr double kMaxNmse = 1e-9;
constexpr double kMinWaveformSnr = 80;  // dB

// How far the best choice must lie before the second for the id to be comparable.
double firm_margin(const std::string& margin_name) { return margin_name == "glm_margin" ? 0.02 : 1e-4; }

const std::map<std::string, std::string>& margin_of() {
  static const std::map<std::string, std::string> names = {
      {"glm_ids", "glm_margin"}, {"semantic_ids", "semantic_margin"}, {"global_ids", "fsq_margin"}};
  return names;
}

bool starts_with(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }

// The stage that computes a golden tensor; "input" for the clip itself, empty for an unknown name.
std::string stage_of(const std::string& name) {
  if (name == "wav") return "input";
  if (name == "wav_normalized") return "volume";
  if (name == "glm_mel" || name == "speaker_mel") return name;
  static const std::pair<const char*, const char*> kPrefixes[] = {
      {"glm_", "glm_tokenizer"},        {"w2v_", "wav2vec2"},           {"encoder_", "bicodec_encoder"},
      {"bicodec_", "bicodec_encoder"},  {"semantic_", "bicodec_encoder"}, {"ecapa_", "speaker_encoder"},
      {"perceiver_", "speaker_encoder"}, {"fsq_", "speaker_encoder"},    {"global_", "speaker_encoder"},
      {"prenet_", "bicodec_decoder"},   {"decode_", "bicodec_decoder"}};
  for (const auto& [prefix, stage] : kPrefixes) {
    if (starts_with(name, prefix)) return stage;
  }
  return "";
}

void compare_ids(const Safetensors& clip, const std::string& name, const std::vector<int32_t>& got) {
  const auto want = clip.at(name).ints();
  const std::string margin_name = margin_of().at(name);
  const auto margin = clip.at(margin_name).floats();
  ASSERT_EQ(got.size(), want.size()) << name;
  ASSERT_EQ(margin.size(), want.size()) << name;
  for (size_t i = 0; i < want.size(); ++i) {
    if (margin[i] > firm_margin(margin_name)) {
      EXPECT_EQ(got[i], want[i]) << name << "[" << i << "], margin " << margin[i];
    }
  }
}

// Every golden tensor of the stage must have been traced, and be equal.
void compare_stage(const Safetensors& clip, const std::string& stage, const Recording& got) {
  int compared = 0;
  for (const auto& [name, tensor] : clip.tensors()) {
    if (stage_of(name) != stage) continue;
    ++compared;
    if (tensor.type == "I32") {
      if (!got.ints.count(name)) ADD_FAILURE() << name << " was not traced";
      else compare_ids(clip, name, got.ints.at(name));
      continue;
    }
    if (!got.floats.count(name)) {
      ADD_FAILURE() << name << " was not traced";
      continue;
    }
    const auto want = tensor.floats();
    ASSERT_EQ(got.floats.at(name).size(), want.size()) << name;
    const double error = nmse(got.floats.at(name), want);
    EXPECT_LE(error, kMaxNmse) << name;
    if (std::getenv("GPA_TEST_VERBOSE")) std::printf("  %-16s %-22s NMSE %.2e\n", stage.c_str(), name.c_str(), error);
    if (name == "decode_wav") {
      EXPECT_GE(-10 * std::log10(std::max(error, 1e-30)), kMinWaveformSnr);
    }
  }
  EXPECT_GT(compared, 0) << "no golden tensor belongs to " << stage;
}

class Goldens : public testing::Test {
 protected:
  // Calls test(clip) for each clip of the summary.
  template <typename Test>
  void for_each_clip(Test test) {
    ASSERT_FALSE(golden_summary().at("clips").empty());
    for (const auto& entry : golden_summary().at("clips")) {
      const std::string name = entry.at("name");
      SCOPED_TRACE("clip " + name);
      test(Safetensors(goldens_path(name + ".safetensors")));
    }
  }

  Machine machine_;
};

TEST_F(Goldens, every_tensor_belongs_to_a_stage) {
  for_each_clip([&](const Safetensors& clip) {
    for (const auto& [name, tensor] : clip.tensors()) EXPECT_NE(stage_of(name), "") << name;
  });
}

TEST_F(Goldens, volume_of_clips_equal) {
  for_each_clip([&](const Safetensors& clip) {
    const auto wav = clip.at("wav").floats();
    Recording got;
    got.floats["wav_normalized"].resize(wav.size());
    normalize_volume(wav.data(), static_cast<int64_t>(wav.size()), got.floats["wav_normalized"].data());
    compare_stage(clip, "volume", got);
  });
}

TEST_F(Goldens, glm_mel_equal) {
  const GlmTokenizer network(golden_model());
  for_each_clip([&](const Safetensors& clip) {
    const auto wav = clip.at("wav").floats();
    Recording got;
    Context ctx = machine_.context(&got);
    Matrix mel;
    network.mel(ctx, wav.data(), static_cast<int64_t>(wav.size()), &mel);
    compare_stage(clip, "glm_mel", got);
  });
}

TEST_F(Goldens, glm_tokenizer_equal) {
  const GlmTokenizer network(golden_model());
  for_each_clip([&](const Safetensors& clip) {
    auto mel = clip.at("glm_mel").floats();
    Recording got;
    Context ctx = machine_.context(&got);
    std::vector<int32_t> ids;
    network.encode(ctx, view(mel, clip.at("glm_mel")), clip.at("wav").count(), &ids);
    compare_stage(clip, "glm_tokenizer", got);
  });
}

TEST_F(Goldens, wav2vec2_equal) {
  const Wav2Vec2 network(golden_model());
  for_each_clip([&](const Safetensors& clip) {
    const auto wav = clip.at("wav_normalized").floats();
    Recording got;
    Context ctx = machine_.context(&got);
    const Matrix features = network.features(ctx, wav.data(), static_cast<int64_t>(wav.size()));
    EXPECT_EQ(features.rows, network.frames(static_cast<int64_t>(wav.size())));
    compare_stage(clip, "wav2vec2", got);
  });
}

TEST_F(Goldens, bicodec_encoder_equal) {
  const BicodecEncoder network(golden_model());
  for_each_clip([&](const Safetensors& clip) {
    auto features = clip.at("w2v_feat").floats();
    Recording got;
    Context ctx = machine_.context(&got);
    std::vector<int32_t> ids;
    network.encode(ctx, view(features, clip.at("w2v_feat")), &ids);
    compare_stage(clip, "bicodec_encoder", got);
  });
}

TEST_F(Goldens, speaker_mel_equal) {
  const SpeakerEncoder network(golden_model());
  for_each_clip([&](const Safetensors& clip) {
    const auto wav = clip.at("wav_normalized").floats();
    Recording got;
    Context ctx = machine_.context(&got);
    network.mel(ctx, wav.data(), static_cast<int64_t>(wav.size()));
    compare_stage(clip, "speaker_mel", got);
  });
}

TEST_F(Goldens, speaker_encoder_equal) {
  const SpeakerEncoder network(golden_model());
  for_each_clip([&](const Safetensors& clip) {
    auto mel = clip.at("speaker_mel").floats();
    Recording got;
    Context ctx = machine_.context(&got);
    std::vector<int32_t> ids;
    network.encode(ctx, view(mel, clip.at("speaker_mel")), &ids);
    compare_stage(clip, "speaker_encoder", got);
  });
}

TEST_F(Goldens, bicodec_decoder_equal) {
  const BicodecDecoder network(golden_model());
  for_each_clip([&](const Safetensors& clip) {
    const auto semantic = clip.at("semantic_ids").ints(), global = clip.at("global_ids").ints();
    Recording got;
    Context ctx = machine_.context(&got);
    const auto count = static_cast<int64_t>(semantic.size());
    ASSERT_EQ(static_cast<int64_t>(global.size()), network.global_count());
    std::vector<float> wav(static_cast<size_t>(network.samples(count)));
    network.decode(ctx, semantic.data(), count, global.data(), wav.data());
    compare_stage(clip, "bicodec_decoder", got);
  });
}

// From the clip alone, without an observer, as a request runs it.
TEST_F(Goldens, clip_in_ids_out_equal) {
  const GlmTokenizer glm(golden_model());
  const Wav2Vec2 wav2vec2(golden_model());
  const BicodecEncoder encoder(golden_model());
  const SpeakerEncoder speaker(golden_model());
  for_each_clip([&](const Safetensors& clip) {
    auto wav = clip.at("wav").floats();
    const auto samples = static_cast<int64_t>(wav.size());
    Context ctx = machine_.context();
    std::vector<int32_t> ids;
    glm.tokenize(ctx, wav.data(), samples, &ids);
    compare_ids(clip, "glm_ids", ids);
    normalize_volume(wav.data(), samples, wav.data());
    encoder.encode(ctx, wav2vec2.features(ctx, wav.data(), samples), &ids);
    compare_ids(clip, "semantic_ids", ids);
    speaker.encode(ctx, speaker.mel(ctx, wav.data(), samples), &ids);
    compare_ids(clip, "global_ids", ids);
  });
}

TEST(Volume, goldens_equal) {
  const Safetensors file(goldens_path("volume.safetensors"));
  const StoredTensor& tensor = file.at("volume");
  const auto rows = tensor.floats();
  const int64_t samples = tensor.cols();
  for (int64_t i = 0; i + 1 < tensor.rows(); i += 2) {
    const auto row = [&](int64_t r) { return std::vector<float>(rows.begin() + r * samples, rows.begin() + (r + 1) * samples); };
    std::vector<float> got = row(i);
    normalize_volume(got.data(), samples, got.data());
    EXPECT_LE(nmse(got, row(i + 1)), 1e-13) << "row " << i;
  }
}

}  // namespace
}  // namespace gpa::test
