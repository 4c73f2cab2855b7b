// BiCodec encoder: wav2vec2 features -> one semantic id per frame (50 per second).
#pragma once
#include <cstdint>
#include <vector>

#include "io/gguf_file.h"
#include "layers/context.h"
#include "layers/vocos.h"
#include "models/weights.h"

namespace gpa {

// Immutable; calls with different contexts may run at once. The file must outlive it.
class BicodecEncoder {
 public:
  // Error(MODEL_FORMAT, UNSUPPORTED): a key or tensor is missing or misshapen.
  explicit BicodecEncoder(const GgufFile& file);

  // Replaces *ids by one semantic id per row of features [frames, width of wav2vec2].
  // Error(INVALID_ARGUMENT): another width, or no rows.
  void encode(Context& ctx, const Matrix& features, std::vector<int32_t>* ids) const;

 private:
  VocosBackbone backbone_;
  VocosBackbone stages_[2];
  Linear project_, quantizer_in_;
  const float* codebook_;
  int64_t code_count_, code_dim_;
};

}  // namespace gpa
