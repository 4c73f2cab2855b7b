#include "layers/decoder_step.h"

#include <algorithm>

#include "layers/operand_block.h"

namespace gpa {
namespace {

constexpr int64_t kLeastKeys = 256;

}  // namespace

DecoderStep DecoderStep::plan(const Context& context, std::span<const int32_t> ids, std::span<const DecoderSpan> spans) {
  const auto rows = static_cast<int64_t>(ids.size()), count = static_cast<int64_t>(spans.size());
  int64_t most_queries = 0, most_keys = kLeastKeys;
  for (const DecoderSpan& span : spans) {
    const int64_t keys = span.sequence->length() + span.rows;
    span.sequence->reserve(keys);
    most_queries = std::max(most_queries, span.rows);
    while (most_keys < keys) most_keys *= 2;
  }
  const int64_t most_pages = kv_pages(most_keys), page_count = count * most_pages;
  OperandBlock block(context, 2 * OperandBlock::room<int32_t>(rows) + OperandBlock::room<void*>(rows) +
                                  OperandBlock::room<AttentionSequence>(count) + OperandBlock::room<const void*>(page_count));
  const auto operand_ids = block.take<int32_t>(rows), positions = block.take<int32_t>(rows);
  const auto slots = block.take<void*>(rows);
  const auto sequences = block.take<AttentionSequence>(count);
  const auto pages = block.take<const void*>(page_count);
  const DecoderStep step{rows, operand_ids.operand, positions.operand, slots.operand, sequences.operand, count, most_queries, most_keys};

  std::copy(ids.begin(), ids.end(), operand_ids.host);
  int64_t row = 0;
  for (int64_t i = 0; i < count; ++i) {
    const DecoderSpan& span = spans[static_cast<size_t>(i)];
    const KvSequence& sequence = *span.sequence;
    const int64_t length = sequence.length();
    sequences.host[i] = {row, span.rows, length + span.rows, length, pages.operand + i * most_pages};
    int64_t page = i * most_pages;
    for (int64_t p = 0; p < kv_pages(length + span.rows); ++p) pages.host[page++] = sequence.pages()[static_cast<size_t>(p)]->memory.get();
    for (int64_t token = length; token < length + span.rows; ++token, ++row) {
      positions.host[row] = static_cast<int32_t>(token);
      slots.host[row] = sequence.slot(token);
    }
  }
  block.upload();
  return step;
}

}  // namespace gpa
