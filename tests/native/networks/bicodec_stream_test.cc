// The decoder over ids that come in pieces: the same bits in whatever pieces, and no dependence beyond the look-ahead.
#include <algorithm>
#include <random>

#include "error.h"
#include "models/bicodec_decoder_stream.h"
#include "networks/golden_model.h"

namespace gpa::test {
namespace {

struct BicodecStreamTest : testing::Test {
  const BicodecDecoder network{golden_model()};
  Machine machine;
  Context ctx = machine.context();
  std::mt19937 random{5};
  const std::vector<int32_t> voice = ids(network.global_count(), network.global_code_count());
  const int64_t full = network.context_tokens(), least = network.least_look_ahead();

  std::vector<int32_t> ids(int64_t count, int64_t limit) {
    std::vector<int32_t> out(static_cast<size_t>(count));
    for (int32_t& id : out) id = static_cast<int32_t>(random() % static_cast<uint64_t>(limit));
    return out;
  }
  std::vector<int32_t> semantic(int64_t count) { return ids(count, network.code_count()); }

  std::vector<float> decoded(const std::vector<int32_t>& semantic) {
    std::vector<float> wav(static_cast<size_t>(network.samples(static_cast<int64_t>(semantic.size()))));
    network.decode(ctx, semantic.data(), static_cast<int64_t>(semantic.size()), voice.data(), wav.data());
    return wav;
  }

  // next(left): how many of them the next push takes; the last push may be empty.
  template <class Next>
  std::vector<float> streamed(const std::vector<int32_t>& semantic, int64_t look_ahead, Next next, bool empty_end = false) {
    BicodecStream stream(network, ctx, voice.data(), look_ahead);
    std::vector<float> wav;
    const auto take = [&](const int32_t* from, int64_t count, bool last) {
      const size_t made = wav.size();
      wav.resize(made + static_cast<size_t>(stream.samples_of(count, last)));
      stream.push(ctx, from, count, last, wav.data() + made);
    };
    const auto total = static_cast<int64_t>(semantic.size());
    for (int64_t at = 0; at < total;) {
      const int64_t count = std::min(total - at, next(total - at));
      const bool last = !empty_end && at + count == total;
      take(semantic.data() + at, count, last);
      at += count;
      if (!last) {
        EXPECT_EQ(static_cast<size_t>(stream.samples_after(at)), wav.size()) << at << " tokens";
      }
    }
    if (empty_end) take(nullptr, 0, true);
    return wav;
  }
  std::vector<float> chunked(const std::vector<int32_t>& semantic, int64_t look_ahead, int64_t chunk) {
    return streamed(semantic, look_ahead, [&](int64_t) { return chunk; });
  }
};

TEST_F(BicodecStreamTest, every_chunk_size_gives_the_bits_of_one_piece) {
  const auto tokens = semantic(full * 2 + 7);
  Recording observer;
  Context observed = machine.context(&observer);  // one piece
  std::vector<float> whole(static_cast<size_t>(network.samples(static_cast<int64_t>(tokens.size()))));
  network.decode(observed, tokens.data(), static_cast<int64_t>(tokens.size()), voice.data(), whole.data());
  ASSERT_EQ(whole, decoded(tokens));
  for (int64_t chunk = 1; chunk <= 50; ++chunk) ASSERT_EQ(whole, chunked(tokens, full, chunk)) << chunk;
}

TEST_F(BicodecStreamTest, long_pieces_decoded_slice_by_slice_have_the_bits_of_one) {
  const auto tokens = semantic(1000);
  Recording observer;
  Context observed = machine.context(&observer);
  std::vector<float> whole(static_cast<size_t>(network.samples(static_cast<int64_t>(tokens.size()))));
  network.decode(observed, tokens.data(), static_cast<int64_t>(tokens.size()), voice.data(), whole.data());
  EXPECT_EQ(whole, chunked(tokens, full, 1000));
  EXPECT_EQ(whole, chunked(tokens, full, 700));
}

TEST_F(BicodecStreamTest, random_chunks_of_answers_of_any_length_give_the_bits_of_one_piece) {
  for (int64_t count : {int64_t{1}, int64_t{2}, int64_t{9}, least, full - 1, full, full + 1, int64_t{150}}) {
    const auto tokens = semantic(count);
    const std::vector<float> whole = decoded(tokens);
    for (int round = 0; round < 4; ++round) {
      const auto next = [&](int64_t) { return static_cast<int64_t>(random() % 40); };
      ASSERT_EQ(whole, streamed(tokens, full + round, next, round % 2 == 1)) << count;
    }
  }
}

TEST_F(BicodecStreamTest, any_look_ahead_gives_the_same_bits_in_any_chunks) {
  const auto tokens = semantic(full + 21);
  for (int64_t look_ahead : {int64_t{0}, least, least + 1, least + 3, least + 4, least + 7, least + 13, full - 1}) {
    const std::vector<float> one = chunked(tokens, look_ahead, static_cast<int64_t>(tokens.size()));
    ASSERT_EQ(static_cast<size_t>(network.samples(static_cast<int64_t>(tokens.size()))), one.size());
    for (int64_t chunk : {1, 2, 3, 4, 5, 7, 16, 50}) ASSERT_EQ(one, chunked(tokens, look_ahead, chunk)) << look_ahead << ", " << chunk;
    ASSERT_EQ(one, streamed(tokens, look_ahead, [&](int64_t) { return static_cast<int64_t>(random() % 9); }, true)) << look_ahead;
    ASSERT_NE(one, decoded(tokens)) << look_ahead;
  }
}

TEST_F(BicodecStreamTest, sample_depends_on_no_token_beyond_the_look_ahead) {
  const int64_t count = full + 40;
  const auto tokens = semantic(count);
  for (int64_t look_ahead : {least, least + 2, least + 7, full - 1, full}) {
    const std::vector<float> want = chunked(tokens, look_ahead, count);
    for (int64_t t : {int64_t{0}, int64_t{1}, int64_t{2}, int64_t{3}, int64_t{17}, int64_t{30}}) {
      auto changed = tokens;
      const auto after = static_cast<size_t>(t + look_ahead + 1);
      std::rotate(changed.begin() + static_cast<std::ptrdiff_t>(after), changed.end() - 1, changed.end());
      changed.resize(changed.size() - static_cast<size_t>(t % 3));
      const std::vector<float> got = chunked(changed, look_ahead, 5);
      const auto end = static_cast<size_t>(network.samples(t + 1));
      ASSERT_TRUE(std::equal(want.begin(), want.begin() + static_cast<std::ptrdiff_t>(end), got.begin())) << look_ahead << ", token " << t;
    }
  }
}

TEST_F(BicodecStreamTest, more_look_ahead_errs_less) {
  const auto tokens = semantic(full + 40);
  const std::vector<float> whole = decoded(tokens);
  const double near = nmse(chunked(tokens, least, 8), whole), late = nmse(chunked(tokens, full - 4, 8), whole);
  EXPECT_LT(late, near / 10);
  EXPECT_GT(late, 0);
}

TEST_F(BicodecStreamTest, tokens_for_is_the_first_count_with_so_many_samples) {
  for (int64_t look_ahead : {least, least + 6, full}) {
    const BicodecStream stream(network, ctx, voice.data(), look_ahead);
    for (int64_t samples : {int64_t{1}, int64_t{319}, int64_t{320}, int64_t{3200}, int64_t{16000}}) {
      const int64_t tokens = stream.tokens_for(samples);
      EXPECT_GE(stream.samples_after(tokens), samples);
      EXPECT_LT(stream.samples_after(tokens - 1), samples);
      EXPECT_LE(tokens, look_ahead + 1 + (samples + network.samples(1) - 1) / network.samples(1) + 7);
    }
  }
}

TEST_F(BicodecStreamTest, ids_out_of_range_are_refused) {
  auto bad_voice = voice;
  bad_voice.back() = static_cast<int32_t>(network.global_code_count());
  EXPECT_THROW(BicodecStream(network, ctx, bad_voice.data(), full), Error);
  BicodecStream stream(network, ctx, voice.data(), full);
  const int32_t bad[] = {0, static_cast<int32_t>(network.code_count())};
  std::vector<float> wav(static_cast<size_t>(stream.samples_of(2, false)));
  EXPECT_THROW(stream.push(ctx, bad, 2, false, wav.data()), Error);
}

}  // namespace
}  // namespace gpa::test
