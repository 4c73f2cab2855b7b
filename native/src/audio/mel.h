// Mel spectrograms, frame by frame, in double precision.
#pragma once
#include <cstdint>
#include <vector>

#include "audio/fft.h"
#include "gpa/kernels/thread_pool.h"

namespace gpa {

// A bank of triangular filters on Slaney's mel scale, each of unit area (2 / its width in Hz).
// Source: Slaney, Auditory Toolbox, 1998; librosa.filters.mel(htk=False, norm="slaney").
class MelFilterBank {
 public:
  // n_fft / 2 + 1 bins from 0 to sample_rate / 2 Hz; mels filters between fmin and fmax Hz.
  MelFilterBank(double sample_rate, int64_t n_fft, int64_t mels, double fmin, double fmax);

  int64_t mels() const { return static_cast<int64_t>(filters_.size()); }
  // out[mels] = filters x spectrum[bins].
  void apply(const double* spectrum, float* out) const;
  // The weight of one bin in one filter.
  float weight(int64_t mel, int64_t bin) const;

 private:
  struct Filter {
    int64_t first;               // bin of weights[0]
    std::vector<float> weights;  // the bins that the triangle covers
  };
  std::vector<Filter> filters_;
};

struct MelParams {
  double sample_rate;
  int64_t n_fft;
  int64_t win_length;  // periodic Hann, centred in n_fft
  int64_t hop;
  int64_t mels;
  double fmin, fmax;
  bool power;  // |X|^2 rather than |X|
};

// Short-time Fourier transform (frames centred on multiples of hop, the ends mirrored) and mel filters.
class MelFrontEnd {
 public:
  explicit MelFrontEnd(const MelParams& params);

  // Frames of so many samples: samples / hop + 1.
  int64_t frames(int64_t samples) const { return samples / params_.hop + 1; }
  // out[frames, mels] = the first `frames` frames of wav. Error(AUDIO): mirroring needs samples > n_fft / 2.
  void compute(ThreadPool& pool, const float* wav, int64_t samples, int64_t frames, float* out) const;

 private:
  void compute_frame(const float* wav, int64_t samples, int64_t frame, double* scratch, float* out) const;
  int64_t scratch_doubles() const;

  MelParams params_;
  RealFft fft_;
  MelFilterBank bank_;
  std::vector<double> window_;  // n_fft
};

}  // namespace gpa
