// One pass of the decoder over rows of several sequences, and the draw of the next id where one is wanted.
#pragma once
#include <cstdint>
#include <span>

#include "engine/allowed_ids.h"
#include "layers/context.h"
#include "models/qwen3.h"

namespace gpa {

struct Draw {
  int64_t row;                // of the pass: its logits are drawn from
  const AllowedIds* allowed;  // the columns
  SampleRow how;
};

// Gives the pass to the queue: stores keys and values, advances the sequences, and draws. Draws from the same ids must stand side by
// side: they share one product with the LM head. Returns the columns drawn, an operand in the arena (null: no draws).
// Passes of one row a sequence that are alike may be repeated by the queue, see Queue::repeat().
// Errors: CAPACITY, OUT_OF_MEMORY; the sequences' lengths are then as before.
const int32_t* give_pass(const Qwen3& decoder, const Context& context, std::span<const int32_t> ids, std::span<const DecoderSpan> spans,
                         std::span<const Draw> draws);

}  // namespace gpa
