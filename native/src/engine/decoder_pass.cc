#include "engine/decoder_pass.h"

#include <vector>

#include "layers/operand_block.h"

namespace gpa {
namespace {

// Draws from the same ids: count rows from begin on.
struct Group {
  int64_t begin, count;
  const AllowedIds* allowed;
};

std::vector<Group> groups_of(std::span<const Draw> draws) {
  std::vector<Group> groups;
  for (int64_t i = 0; i < static_cast<int64_t>(draws.size()); ++i) {
    const AllowedIds* allowed = draws[static_cast<size_t>(i)].allowed;
    if (groups.empty() || !(*groups.back().allowed == *allowed)) groups.push_back({i, 0, allowed});
    groups.back().count += 1;
  }
  return groups;
}

// What the ops of a pass are made of; its operands lie in the arena.
struct Pass {
  const Qwen3& decoder;
  const Context& context;
  DecoderStep step;
  std::vector<Group> groups;
  const int32_t* rows;  // [draws]
  const SampleRow* draws;
  int32_t* columns;     // [draws]

  void give() const {
    Arena::Scope scope(context.arena);
    const Matrix hidden = decoder.run(context, step);
    for (const Group& group : groups) {
      Arena::Scope group_scope(context.arena);
      const Matrix wanted = context.arena.matrix(group.count, hidden.cols);
      context.kernels.embed(context.queue, {{hidden.data, DType::kF32, hidden.rows, hidden.cols}, rows + group.begin, wanted.rows, wanted.data});
      const Matrix logits = decoder.logits(context, wanted, group.allowed->ranges());
      context.kernels.sample(context.queue, {logits.data, logits.rows, logits.cols, draws + group.begin, columns + group.begin});
    }
  }

  // All that give() hands to ops, and what decides where the arena puts the rest.
  std::vector<int64_t> key() const {
    const auto address = [](const void* operand) { return static_cast<int64_t>(reinterpret_cast<intptr_t>(operand)); };
    std::vector<int64_t> key{step.rows, step.count, step.most_keys, context.arena.generation(), address(step.ids), address(columns)};
    for (const Group& group : groups) {
      key.push_back(group.count);
      for (const IdRange& range : group.allowed->ranges()) key.insert(key.end(), {range.first, range.count});
    }
    return key;
  }
};

}  // namespace

const int32_t* give_pass(const Qwen3& decoder, const Context& context, std::span<const int32_t> ids, std::span<const DecoderSpan> spans,
                         std::span<const Draw> draws) {
  const DecoderStep step = DecoderStep::plan(context, ids, spans);
  const auto count = static_cast<int64_t>(draws.size());
  OperandBlock block(context, OperandBlock::room<int32_t>(count) + OperandBlock::room<SampleRow>(count));
  const auto rows = block.take<int32_t>(count);
  const auto how = block.take<SampleRow>(count);
  for (int64_t i = 0; i < count; ++i) {
    rows.host[i] = static_cast<int32_t>(draws[static_cast<size_t>(i)].row);
    how.host[i] = draws[static_cast<size_t>(i)].how;
  }
  block.upload();
  const Pass pass{decoder, context, step, groups_of(draws), rows.operand, how.operand, context.arena.ints(count)};
  if (step.most_queries == 1) {
    const std::vector<int64_t> key = pass.key();
    const auto give = [](void* arg) { static_cast<const Pass*>(arg)->give(); };
    context.queue.repeat(key.data(), static_cast<int>(key.size()), give, const_cast<void*>(static_cast<const void*>(&pass)));
  } else {
    pass.give();
  }
  for (const DecoderSpan& span : spans) span.sequence->advance(span.rows);
  return count > 0 ? pass.columns : nullptr;
}

}  // namespace gpa
