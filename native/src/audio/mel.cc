#include "audio/mel.h"

#include <algorithm>
#include <cmath>

#include "error.h"

namespace gpa {
namespace {

// Slaney's scale: linear below 1000 Hz (mel 15), logarithmic above, 27 mels for a factor of 6.4.
constexpr double kHzPerMel = 200.0 / 3.0;
constexpr double kBreakHz = 1000.0;
constexpr double kBreakMel = kBreakHz / kHzPerMel;
const double kLogStep = std::log(6.4) / 27.0;

double hz_to_mel(double hz) { return hz < kBreakHz ? hz / kHzPerMel : kBreakMel + std::log(hz / kBreakHz) / kLogStep; }
double mel_to_hz(double mel) { return mel < kBreakMel ? mel * kHzPerMel : kBreakHz * std::exp(kLogStep * (mel - kBreakMel)); }

// Frames that one task of the pool computes.
constexpr int64_t kFramesPerTask = 32;

}  // namespace

MelFilterBank::MelFilterBank(double sample_rate, int64_t n_fft, int64_t mels, double fmin, double fmax) {
  const int64_t bins = n_fft / 2 + 1;
  const double low = hz_to_mel(fmin), high = hz_to_mel(fmax);
  auto edge = [&](int64_t i) { return mel_to_hz(low + (high - low) * static_cast<double>(i) / static_cast<double>(mels + 1)); };
  filters_.reserve(static_cast<size_t>(mels));
  for (int64_t m = 0; m < mels; ++m) {
    const double left = edge(m), centre = edge(m + 1), right = edge(m + 2);
    Filter filter{0, {}};
    // Bins that the triangle may cover: all of them together are few more than the bins there are.
    const double bins_per_hz = static_cast<double>(n_fft) / sample_rate;
    const int64_t first = std::clamp<int64_t>(static_cast<int64_t>(left * bins_per_hz) - 1, 0, bins);
    const int64_t last = std::clamp<int64_t>(static_cast<int64_t>(right * bins_per_hz) + 2, 0, bins);
    for (int64_t bin = first; bin < last; ++bin) {
      const double hz = static_cast<double>(bin) * sample_rate / static_cast<double>(n_fft);
      const double height = std::min((hz - left) / (centre - left), (right - hz) / (right - centre));
      if (height <= 0) continue;
      if (filter.weights.empty()) filter.first = bin;
      filter.weights.push_back(static_cast<float>(height * 2.0 / (right - left)));
    }
    filters_.push_back(std::move(filter));
  }
}

void MelFilterBank::apply(const double* spectrum, float* out) const {
  for (size_t m = 0; m < filters_.size(); ++m) {
    const Filter& filter = filters_[m];
    double sum = 0;
    for (size_t i = 0; i < filter.weights.size(); ++i) sum += filter.weights[i] * spectrum[filter.first + static_cast<int64_t>(i)];
    out[m] = static_cast<float>(sum);
  }
}

float MelFilterBank::weight(int64_t mel, int64_t bin) const {
  const Filter& filter = filters_[static_cast<size_t>(mel)];
  const int64_t i = bin - filter.first;
  return i >= 0 && i < static_cast<int64_t>(filter.weights.size()) ? filter.weights[static_cast<size_t>(i)] : 0.0f;
}

MelFrontEnd::MelFrontEnd(const MelParams& params)
    : params_(params),
      fft_(params.n_fft),
      bank_(params.sample_rate, params.n_fft, params.mels, params.fmin, params.fmax),
      window_(static_cast<size_t>(params.n_fft), 0.0) {
  const int64_t offset = (params.n_fft - params.win_length) / 2;
  for (int64_t i = 0; i < params.win_length; ++i) {
    const double phase = 2.0 * M_PI * static_cast<double>(i) / static_cast<double>(params.win_length);
    window_[static_cast<size_t>(offset + i)] = 0.5 - 0.5 * std::cos(phase);
  }
}

int64_t MelFrontEnd::scratch_doubles() const { return params_.n_fft + fft_.bins() + 2 * (fft_.bins() + fft_.scratch_size()); }

void MelFrontEnd::compute_frame(const float* wav, int64_t samples, int64_t frame, double* scratch, float* out) const {
  double* windowed = scratch;
  double* magnitudes = windowed + params_.n_fft;
  auto* bins = reinterpret_cast<std::complex<double>*>(magnitudes + fft_.bins());
  const int64_t begin = frame * params_.hop - params_.n_fft / 2;
  for (int64_t i = 0; i < params_.n_fft; ++i) {
    int64_t t = begin + i;
    if (t < 0) t = -t;
    if (t >= samples) t = 2 * (samples - 1) - t;
    windowed[i] = window_[static_cast<size_t>(i)] * wav[t];
  }
  fft_.forward(windowed, bins, bins + fft_.bins());
  for (int64_t k = 0; k < fft_.bins(); ++k) {
    const double power = std::norm(bins[k]);
    magnitudes[k] = params_.power ? power : std::sqrt(power);
  }
  bank_.apply(magnitudes, out);
}

void MelFrontEnd::compute(ThreadPool& pool, const float* wav, int64_t samples, int64_t frames, float* out) const {
  if (samples <= params_.n_fft / 2) {
    fail(GPA_ERROR_AUDIO, "audio of %lld samples is too short for a spectrogram: more than %lld are needed",
         static_cast<long long>(samples), static_cast<long long>(params_.n_fft / 2));
  }
  struct Task {
    const MelFrontEnd* self;
    ThreadPool* pool;
    const float* wav;
    int64_t samples, frames;
    float* out;
  } task{this, &pool, wav, samples, std::min(frames, this->frames(samples)), out};
  const auto run_part = [](void* arg, int part, int thread) {
    const Task& t = *static_cast<const Task*>(arg);
    auto* scratch = static_cast<double*>(t.pool->scratch(thread, static_cast<size_t>(t.self->scratch_doubles()) * sizeof(double)));
    const int64_t begin = part * kFramesPerTask, end = std::min(t.frames, begin + kFramesPerTask);
    for (int64_t frame = begin; frame < end; ++frame) {
      t.self->compute_frame(t.wav, t.samples, frame, scratch, t.out + frame * t.self->bank_.mels());
    }
  };
  pool.run(static_cast<int>((task.frames + kFramesPerTask - 1) / kFramesPerTask), run_part, &task);
}

}  // namespace gpa
