// Fourier transform and mel filters against their definitions; no model.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <random>
#include <vector>

#include "audio/fft.h"
#include "audio/mel.h"
#include "audio/volume.h"
#include "error.h"

namespace gpa::test {
namespace {

std::vector<double> noise(int64_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> out(static_cast<size_t>(n));
  for (double& x : out) x = normal(random);
  return out;
}

TEST(RealFft, any_length_equals_the_definition) {
  for (const int64_t n : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 17, 25, 27, 30, 49, 64, 97, 100, 127, 128, 194, 200, 210, 243, 256,
                          320, 331, 400, 512, 601, 640, 1000, 1023, 1024, 1155}) {
    const RealFft fft(n);
    const auto in = noise(n, static_cast<unsigned>(n));
    std::vector<std::complex<double>> out(static_cast<size_t>(fft.bins())), scratch(static_cast<size_t>(fft.scratch_size()));
    fft.forward(in.data(), out.data(), scratch.data());
    for (int64_t k = 0; k < fft.bins(); ++k) {
      std::complex<double> want = 0;
      for (int64_t t = 0; t < n; ++t) {
        want += in[static_cast<size_t>(t)] * std::polar(1.0, -2 * M_PI * static_cast<double>(k * t % n) / static_cast<double>(n));
      }
      ASSERT_NEAR(std::abs(out[static_cast<size_t>(k)] - want), 0, 1e-11 * std::sqrt(static_cast<double>(n)) + 1e-12)
          << "n " << n << ", bin " << k;
    }
  }
}

TEST(MelFilterBank, filters_are_triangles_of_unit_area) {
  for (const auto& [n_fft, fmin] : {std::pair<int64_t, double>{400, 0}, {1024, 10}, {4096, 0}}) {
    constexpr int64_t kMels = 128;
    const MelFilterBank bank(16000, n_fft, kMels, fmin, 8000);
    ASSERT_EQ(bank.mels(), kMels);
    const double bin_hz = 16000.0 / static_cast<double>(n_fft);
    int64_t last_peak = -1;
    for (int64_t m = 0; m < kMels; ++m) {
      double area = 0;
      int64_t peak = -1, turns = 0;
      bool falling = false;
      for (int64_t bin = 0; bin <= n_fft / 2; ++bin) {
        const float w = bank.weight(m, bin);
        ASSERT_GE(w, 0);
        area += w * bin_hz;
        if (w > 0 && (peak < 0 || w > bank.weight(m, peak))) peak = bin;
        const bool down = bin > 0 && w < bank.weight(m, bin - 1);
        if (bin > 0 && down != falling && w != bank.weight(m, bin - 1)) ++turns;
        if (bin > 0 && w != bank.weight(m, bin - 1)) falling = down;
      }
      EXPECT_LE(turns, 2) << "filter " << m;  // up, down
      if (peak >= 0) {
        EXPECT_GE(peak, last_peak) << "filter " << m;
        last_peak = peak;
      }
      // The sum over bins is the area once a triangle spans several of them.
      if (n_fft == 4096) {
        EXPECT_NEAR(area, 1.0, 0.02) << "filter " << m;
      }
    }
    EXPECT_EQ(bank.weight(0, 0), 0);
    EXPECT_LE(bank.weight(kMels - 1, n_fft / 2), 1e-6);
  }
}

TEST(MelFilterBank, edges_follow_slaneys_scale) {
  // Two filters between 0 and 2000 Hz. 2000 Hz is mel 15 + ln 2 / (ln 6.4 / 27) = 25.0816: edges at 557.37 and 1125.6 Hz.
  const MelFilterBank bank(16000, 16000, 2, 0, 2000);
  EXPECT_EQ(bank.weight(0, 0), 0);
  EXPECT_GT(bank.weight(0, 557), bank.weight(0, 556));
  EXPECT_LT(bank.weight(0, 558), bank.weight(0, 557));
  EXPECT_GT(bank.weight(0, 1125), 0);
  EXPECT_EQ(bank.weight(0, 1126), 0);
  EXPECT_EQ(bank.weight(1, 557), 0);
  EXPECT_GT(bank.weight(1, 558), 0);
  EXPECT_EQ(bank.weight(1, 2000), 0);
}

TEST(MelFrontEnd, equals_the_definition_with_mirrored_ends) {
  const MelParams params{16000, 60, 40, 20, 8, 0, 8000, true};
  const MelFrontEnd front_end(params);
  ThreadPool pool(2);
  for (const int64_t samples : {31, 40, 61, 200}) {
    const auto values = noise(samples, 3);
    const std::vector<float> wav(values.begin(), values.end());
    const int64_t frames = front_end.frames(samples);
    EXPECT_EQ(frames, samples / params.hop + 1);
    std::vector<float> got(static_cast<size_t>(frames * params.mels));
    front_end.compute(pool, wav.data(), samples, frames, got.data());
    const MelFilterBank bank(16000, params.n_fft, params.mels, 0, 8000);
    for (int64_t frame = 0; frame < frames; ++frame) {
      std::vector<double> power(static_cast<size_t>(params.n_fft / 2 + 1));
      for (int64_t k = 0; k <= params.n_fft / 2; ++k) {
        std::complex<double> sum = 0;
        for (int64_t i = 0; i < params.win_length; ++i) {
          const int64_t at = i + (params.n_fft - params.win_length) / 2;
          int64_t t = std::abs(frame * params.hop - params.n_fft / 2 + at);
          if (t >= samples) t = 2 * samples - 2 - t;
          const double hann = 0.5 - 0.5 * std::cos(2 * M_PI * static_cast<double>(i) / static_cast<double>(params.win_length));
          sum += hann * wav[static_cast<size_t>(t)] * std::polar(1.0, -2 * M_PI * static_cast<double>(k * at) / 60.0);
        }
        power[static_cast<size_t>(k)] = std::norm(sum);
      }
      std::vector<float> want(static_cast<size_t>(params.mels));
      bank.apply(power.data(), want.data());
      for (int64_t m = 0; m < params.mels; ++m) {
        const float expected = want[static_cast<size_t>(m)];
        EXPECT_NEAR(got[static_cast<size_t>(frame * params.mels + m)], expected, 1e-5f * std::abs(expected) + 1e-9f)
            << "frame " << frame << ", mel " << m;
      }
    }
  }
}

TEST(MelFrontEnd, audio_too_short_to_mirror_is_an_audio_error) {
  const MelFrontEnd front_end({16000, 400, 400, 160, 80, 0, 8000, true});
  ThreadPool pool(1);
  const std::vector<float> wav(201, 0.5f);
  std::vector<float> out(static_cast<size_t>(2 * 80));
  EXPECT_NO_THROW(front_end.compute(pool, wav.data(), 201, 2, out.data()));
  for (const int64_t samples : {200, 1, 0}) {
    try {
      front_end.compute(pool, wav.data(), samples, 1, out.data());
      ADD_FAILURE() << samples << " samples were accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), GPA_ERROR_AUDIO);
    }
  }
}

TEST(Volume, few_audible_samples_are_left) {
  std::vector<float> wav(100, 0.0f), out(100);
  for (int i = 0; i < 10; ++i) wav[static_cast<size_t>(i)] = 0.5f;
  normalize_volume(wav.data(), 100, out.data());
  EXPECT_EQ(out, wav);
  wav[10] = 0.5f;
  normalize_volume(wav.data(), 100, out.data());
  EXPECT_FLOAT_EQ(out[0], 0.2f);
  normalize_volume(wav.data(), 0, out.data());  // nothing to do, nothing touched
  EXPECT_FLOAT_EQ(out[0], 0.2f);
}

}  // namespace
}  // namespace gpa::test
