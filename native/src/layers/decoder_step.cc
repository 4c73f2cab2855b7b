#include "layers/decoder_step.h"

#include <algorithm>

#include "layers/operand_block.h"

namespace gpa {

DecoderStep DecoderStep::plan(const Context& context, std::span<const int32_t> ids, std::span<const DecoderSpan> spans) {
  const auto rows = static_cast<int64_t>(ids.size()), count = static_cast<int64_t>(spans.size());
  int64_t page_count = 0;
  for (const DecoderSpan& span : spans) {
    span.sequence->reserve(span.sequence->length() + span.rows);
    page_count += static_cast<int64_t>(span.sequence->pages().size());
  }
  OperandBlock block(context, 2 * OperandBlock::room<int32_t>(rows) + OperandBlock::room<void*>(rows) +
                                  OperandBlock::room<AttentionSequence>(count) + OperandBlock::room<const void*>(page_count));
  const auto operand_ids = block.take<int32_t>(rows), positions = block.take<int32_t>(rows);
  const auto slots = block.take<void*>(rows);
  const auto sequences = block.take<AttentionSequence>(count);
  const auto pages = block.take<const void*>(page_count);
  DecoderStep step{rows, operand_ids.operand, positions.operand, slots.operand, sequences.operand, count, 0, 0};

  std::copy(ids.begin(), ids.end(), operand_ids.host);
  int64_t row = 0, page = 0;
  for (int64_t i = 0; i < count; ++i) {
    const DecoderSpan& span = spans[static_cast<size_t>(i)];
    const KvSequence& sequence = *span.sequence;
    const int64_t length = sequence.length();
    sequences.host[i] = {row, span.rows, length + span.rows, length, pages.operand + page};
    for (const KvPage* held : sequence.pages()) pages.host[page++] = held->memory.get();
    for (int64_t token = length; token < length + span.rows; ++token, ++row) {
      positions.host[row] = static_cast<int32_t>(token);
      slots.host[row] = sequence.slot(token);
    }
    step.most_queries = std::max(step.most_queries, span.rows);
    step.most_keys = std::max(step.most_keys, length + span.rows);
  }
  block.upload();
  return step;
}

}  // namespace gpa
