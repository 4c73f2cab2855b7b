// Attention of one sequence whose keys and values lie in one piece of memory, as in encoders.
#pragma once
#include "layers/operand_block.h"

namespace gpa {

// The descriptor, an operand in the arena: queries at rows 0 ... queries - 1, keys and values behind `page`.
inline const AttentionSequence* one_page(const Context& ctx, int64_t queries, int64_t keys, const void* page) {
  OperandBlock block(ctx, OperandBlock::room<AttentionSequence>(1) + OperandBlock::room<const void*>(1));
  const auto sequence = block.take<AttentionSequence>(1);
  const auto pages = block.take<const void*>(1);
  *pages.host = page;
  *sequence.host = {.first_row = 0, .queries = queries, .keys = keys, .position = 0, .pages = pages.operand};
  block.upload();
  return sequence.operand;
}

}  // namespace gpa
