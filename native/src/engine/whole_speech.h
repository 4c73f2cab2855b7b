// A whole result's waveform, made piece by piece, so that the speech of others can be made in between.
#pragma once
#include <cstdint>
#include <vector>

#include "engine/request.h"
#include "layers/context.h"
#include "models/bicodec_decoder_stream.h"

namespace gpa {

class WholeSpeech {
 public:
  // codes: semantic codes of the answer. decoder must outlive it. Errors: those of BicodecStream.
  WholeSpeech(const BicodecDecoder& decoder, Context& ctx, const std::vector<int32_t>& voice, std::vector<int32_t> codes);

  // Makes the samples of `tokens` codes more, which are the same however they are cut. Whether those were the last.
  bool render(Context& ctx, int64_t tokens);
  // The codes and their waveform, its mean removed, once all is made.
  RequestResult take();

 private:
  const BicodecDecoder& decoder_;
  BicodecStream stream_;
  RequestResult result_;
  int64_t pushed_ = 0;
};

}  // namespace gpa
