// features -> Vocos backbone -> stage 0 -> stage 1 -> linear -> linear to 8 = z -> code with the highest cosine -> ids at 50 Hz
// A stage is x -> 3 x -> Vocos backbone; its first convolution's weight holds the 3.
// Source: Spark-TTS (arXiv 2503.01710), BiCodec: feat_encoder.Encoder and FactorizedVectorQuantize.
#include "models/bicodec_encoder.h"

#include <tuple>

#include "error.h"
#include "layers/ops.h"

namespace gpa {

BicodecEncoder::BicodecEncoder(const GgufFile& file) {
  const Weights codec(file, "codec");
  const Weights encoder = codec.at("encoder");
  const int64_t features = file.integer("gpa.wav2vec2.embedding_length", 1, 1 << 24);
  const int64_t block_count = file.integer("gpa.codec.encoder.block_count", 0, 1024);
  backbone_ = VocosBackbone(encoder.at("backbone"), features, block_count, 0);
  int64_t dim = backbone_.dim();
  for (int64_t i = 0; i < 2; ++i) {
    stages_[i] = VocosBackbone(encoder.at("stage", i), dim, -1, 0);
    dim = stages_[i].dim();
  }
  const int64_t out = encoder.shape("project.weight")[0];
  project_ = encoder.linear("project", out, dim);
  std::tie(code_count_, code_dim_) = codec.table("quantizer.codebook");
  quantizer_in_ = codec.linear("quantizer.in", code_dim_, out);
  codebook_ = codec.vector("quantizer.codebook", code_count_ * code_dim_);
}

void BicodecEncoder::encode(Context& rounded, const Matrix& features, std::vector<int32_t>* ids) const {
  Context ctx = rounded.exact();
  if (features.rows < 1 || features.cols != backbone_.in_channels()) {
    fail(GPA_ERROR_INVALID_ARGUMENT, "w2v_feat [%lld, %lld] is not [frames, %lld]", static_cast<long long>(features.rows),
         static_cast<long long>(features.cols), static_cast<long long>(backbone_.in_channels()));
  }
  Arena::Scope scope(ctx.arena);
  Matrix x = backbone_.forward(ctx, features,
                               {.embed = "encoder_embed", .block0 = "encoder_block0", .output = "encoder_backbone"});
  x = stages_[0].forward(ctx, x, {.output = "encoder_stage0"});
  x = stages_[1].forward(ctx, x, {.output = "encoder_stage1"});
  x = linear(ctx, x, project_);
  ctx.trace("bicodec_encoder_out", x);
  const Matrix z = linear(ctx, x, quantizer_in_);
  ctx.trace("bicodec_ze", z);

  nearest_codes(ctx, z, codebook_, code_count_, Metric::kCosine, "semantic_ids", "semantic_margin", ids);
}

}  // namespace gpa
