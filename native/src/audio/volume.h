// Loudness of an utterance, made equal before the codec's encoders see it.
#pragma once
#include <cstdint>

namespace gpa {

// out[samples] = wav[samples], scaled so that its loud samples (90th to 99th percentile of those above 0.01) average 0.2,
// at most tenfold either way, and peak at most 1; near-silence is first raised to a peak of 0.1. out may be wav.
// Source: Spark-TTS audio_volume_normalize.
void normalize_volume(const float* wav, int64_t samples, float* out);

}  // namespace gpa
