// The decoder against the reference, in one pass and in pieces, alone and beside others.
#include "models/qwen3.h"

#include "engine/golden_prompts.h"
#include "engine/support.h"

namespace gpa::test {
namespace {

constexpr double kMaxNmse = 1e-9;

const Qwen3& decoder() {
  static const Qwen3 network(golden_model());
  return network;
}

std::vector<float> copy(const Matrix& m, int64_t first_row, int64_t rows) {
  return {m.data + first_row * m.cols, m.data + (first_row + rows) * m.cols};
}

// Logits of the whole vocabulary for each row.
Matrix all_logits(Context& context, const Matrix& hidden) {
  const IdRange everything{0, static_cast<int32_t>(decoder().vocab())};
  return decoder().logits(context, hidden, {&everything, 1});
}

KernelTable kernels;
int asked = 0;

template <auto op, class Args>
void counted(Queue& queue, const Args& args) {
  asked += 1;
  (kernels.*op)(queue, args);
}
void counted_linears(Queue& queue, const LinearArgs* maps, int64_t count) {
  asked += 1;
  kernels.linears(queue, maps, count);
}

class Decoder : public testing::Test {
 protected:
  Machine machine_;
  KvPool pool_{machine_.pool, decoder().kv_shape(), 64};
};

TEST_F(Decoder, every_prompt_equals_the_goldens) {
  for (const std::string& name : golden_prompts()) {
    SCOPED_TRACE(name);
    const auto prompt = golden_prompt(name);
    const auto count = static_cast<int64_t>(prompt.size());
    Recording seen;
    Context context = machine_.context(&seen);
    Arena::Scope scope(machine_.arena);
    KvSequence sequence(pool_);
    const DecoderSpan span{&sequence, count};
    const Matrix hidden = decoder().forward(context, prompt, {&span, 1});
    EXPECT_EQ(count, sequence.length());
    const Safetensors& want = golden_decoder();
    EXPECT_LE(nmse(copy(hidden, count - 8, 8), want.at(name + ".hidden_final_last8").floats()), kMaxNmse);
    const Matrix last{hidden.data + (count - 1) * hidden.cols, 1, hidden.cols};
    EXPECT_LE(nmse(copy(all_logits(context, last), 0, 1), want.at(name + ".logits_last").floats()), kMaxNmse);
    if (want.has(name + ".hidden_1")) {
      EXPECT_LE(nmse(seen.floats.at("hidden_1"), want.at(name + ".hidden_1").floats()), kMaxNmse);
    }
    if (want.has(name + ".logits_all")) {
      EXPECT_LE(nmse(copy(all_logits(context, hidden), 0, count), want.at(name + ".logits_all").floats()), kMaxNmse);
    }
  }
}

// All prompts in one batch, each in pieces of its own length.
TEST_F(Decoder, prompts_in_pieces_side_by_side_equal_the_goldens) {
  struct Reader {
    std::string name;
    std::vector<int32_t> prompt;
    int64_t piece, read = 0;
    std::unique_ptr<KvSequence> sequence;
    std::vector<float> last;
  };
  std::vector<Reader> readers;
  for (const std::string& name : golden_prompts()) {
    readers.push_back({name, golden_prompt(name), 1 + static_cast<int64_t>(readers.size()) * 13, 0, std::make_unique<KvSequence>(pool_), {}});
  }
  for (bool reading = true; reading;) {
    reading = false;
    std::vector<int32_t> ids;
    std::vector<DecoderSpan> spans;
    for (Reader& reader : readers) {
      const int64_t rows = std::min(reader.piece, static_cast<int64_t>(reader.prompt.size()) - reader.read);
      if (rows == 0) continue;
      ids.insert(ids.end(), reader.prompt.begin() + reader.read, reader.prompt.begin() + reader.read + rows);
      spans.push_back({reader.sequence.get(), rows});
      reader.read += rows;
      reading = true;
    }
    if (!reading) break;
    Context context = machine_.context();
    Arena::Scope scope(machine_.arena);
    const Matrix hidden = decoder().forward(context, ids, spans);
    int64_t row = 0;
    for (const DecoderSpan& span : spans) {
      row += span.rows;
      for (Reader& reader : readers) {
        if (reader.sequence.get() == span.sequence) reader.last = copy(hidden, row - 1, 1);
      }
    }
  }
  for (const Reader& reader : readers) {
    std::vector<float> want = golden_decoder().at(reader.name + ".hidden_final_last8").floats();
    EXPECT_LE(nmse(reader.last, {want.end() - decoder().dim(), want.end()}), kMaxNmse) << reader.name;
  }
}

TEST_F(Decoder, logits_of_ranges_are_those_of_the_whole_vocabulary) {
  const auto prompt = golden_prompt("tts_long");
  Context context = machine_.context();
  KvSequence sequence(pool_);
  const DecoderSpan span{&sequence, static_cast<int64_t>(prompt.size())};
  const Matrix hidden = decoder().forward(context, prompt, {&span, 1});
  const std::vector<IdRange> ranges{{3, 1}, {100, 57}, {4000, 857}};
  for (int64_t rows : {int64_t{1}, int64_t{5}, hidden.rows}) {
    const Matrix some{hidden.data, rows, hidden.cols};
    const Matrix all = all_logits(context, some), got = decoder().logits(context, some, ranges);
    ASSERT_EQ(1 + 57 + 857, got.cols);
    for (int64_t row = 0; row < rows; ++row) {
      int64_t column = 0;
      for (const IdRange& range : ranges) {
        for (int32_t i = 0; i < range.count; ++i, ++column) {
          ASSERT_NEAR(all.data[row * all.cols + range.first + i], got.data[row * got.cols + column], 1e-4) << row << ", id " << range.first + i;
        }
      }
    }
  }
}

// An op is a launch or two of a GPU, which at one sequence weigh more than what it reads.
TEST_F(Decoder, step_asks_six_ops_a_layer) {
  kernels = machine_.context().kernels;
  KernelTable counting{};  // whoever asks for more than these ends here
  counting.embed = counted<&KernelTable::embed, EmbedArgs>;
  counting.linears = counted_linears;
  counting.rotate_and_store = counted<&KernelTable::rotate_and_store, RotateAndStoreArgs>;
  counting.attention = counted<&KernelTable::attention, AttentionArgs>;
  counting.rms_norm = counted<&KernelTable::rms_norm, RmsNormArgs>;
  const Context context{counting, machine_.pool, machine_.arena};
  KvSequence sequence(pool_);
  const DecoderSpan span{&sequence, 1};
  const int32_t id = 5;
  decoder().forward(context, {&id, 1}, {&span, 1});
  EXPECT_EQ(1 + 6 * decoder().kv_shape().layers + 1, asked);
}

TEST_F(Decoder, full_cache_leaves_the_lengths_as_they_were) {
  KvPool small(machine_.pool, decoder().kv_shape(), 2);
  KvSequence first(small), second(small);
  const std::vector<int32_t> prompt(kKvPageTokens + 1, 5);
  std::vector<int32_t> ids(prompt);
  ids.insert(ids.end(), prompt.begin(), prompt.end());
  const DecoderSpan spans[] = {{&first, kKvPageTokens + 1}, {&second, kKvPageTokens + 1}};
  Context context = machine_.context();
  expect_failure(GPA_ERROR_CAPACITY, "pages", [&] { decoder().forward(context, ids, spans); });
  EXPECT_EQ(0, first.length());
  EXPECT_EQ(0, second.length());
}

}  // namespace
}  // namespace gpa::test
