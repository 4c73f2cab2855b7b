// A request's speech on its way out while the decoder still answers: codes in, chunks to its delivery.
#pragma once
#include <cstdint>
#include <vector>

#include "engine/delivery.h"
#include "layers/context.h"
#include "models/bicodec_decoder_stream.h"

namespace gpa {

class StreamedSpeech {
 public:
  // decoder and delivery must outlive it. Errors: those of BicodecStream.
  StreamedSpeech(const BicodecDecoder& decoder, Context& ctx, const RequestInput& input, Delivery& delivery);

  // Bounds one chunk of an answer of at most so many tokens.
  static int64_t most_samples(const BicodecDecoder& decoder, const gpa_stream_params& params, int64_t answer_tokens);

  void add(int32_t code) { codes_.push_back(code); }
  // Whether a chunk can be made: enough codes are there, or no more will come (complete), and the delivery has room.
  bool due(bool complete) const;
  // Makes the next chunk of all codes there are, but no more than the largest chunk at once. Whether it was the last one.
  bool render(Context& ctx, bool complete);
  int64_t samples() const { return samples_; }  // given to the delivery
  std::vector<int32_t> take_codes() { return std::move(codes_); }

 private:
  const BicodecDecoder& decoder_;
  const gpa_stream_params params_;
  Delivery& delivery_;
  BicodecStream stream_;
  std::vector<int32_t> codes_;
  int64_t pushed_ = 0;   // codes that the stream has
  int64_t needed_ = 0;   // codes with which the next chunk can be made
  int64_t samples_ = 0;
  double chunk_tokens_;
};

}  // namespace gpa
