// What one pass of the decoder runs over, where ops find it: the same for all layers.
#pragma once
#include <cstdint>
#include <span>

#include "layers/context.h"
#include "layers/kv_cache.h"

namespace gpa {

// Consecutive rows of a batch that continue one sequence: many when a prompt is read, one when an answer is written.
struct DecoderSpan {
  KvSequence* sequence;
  int64_t rows;
};

// All pointers are operands in the arena.
struct DecoderStep {
  int64_t rows;
  const int32_t* ids;        // [rows]
  const int32_t* positions;  // [rows]
  void* const* slots;        // [rows]: where the keys and values of a row go, see RotateAndStoreArgs
  const AttentionSequence* sequences;
  int64_t count;
  int64_t most_queries, most_keys;  // the keys in few sizes, so that the steps of an answer are alike

  // Makes room for the rows in their sequences. Errors: CAPACITY, OUT_OF_MEMORY; the sequences' lengths stay as they are.
  static DecoderStep plan(const Context& context, std::span<const int32_t> ids, std::span<const DecoderSpan> spans);
};

}  // namespace gpa
