package io.gpa4j.conversion;

import io.gpa4j.UnsupportedModelException;
import io.gpa4j.checkpoint.Settings;
import io.gpa4j.gguf.GgufMetadata;
import java.util.Arrays;

/** BiCodec's config.yaml: encoder, quantizer, prenet, wave generator and speaker encoder. */
record CodecShape(long sampleRate, long hop, boolean volumeNormalize, Vocos encoder, Vocos prenet, boolean prenetTanh, long condition,
    long codes, long codeDim, long channels, int[] rates, int[] taps, long melBins, long fft, long window, long melHop, double melMin,
    double melMax, long latent, long voiceTokens, int[] fsqLevels, long speakerOut, long clipSamples) {
  private static final int MAX_EXTENT = 1 << 20;
  // What the engine allows.
  private static final int MAX_HOP = 4096;
  private static final int MAX_FFT = 1 << 14;
  private static final int MAX_CLIP = 1 << 20;

  /** A Vocos backbone with a linear map behind it: in channels to out channels. */
  record Vocos(long in, long width, long inner, int blocks, long out) {
    static Vocos read(Settings section) {
      if (section.has("sample_ratios")) {
        int[] ratios = section.integers("sample_ratios", 1, 1024);
        if (!Arrays.equals(ratios, new int[] {1, 1})) {
          throw new UnsupportedModelException(section.where() + ": 'sample_ratios' is " + Arrays.toString(ratios)
              + "; only two stages of ratio 1 are supported");
        }
      }
      return new Vocos(section.integer("input_channels", 1, MAX_EXTENT), section.integer("vocos_dim", 1, MAX_EXTENT),
          section.integer("vocos_intermediate_dim", 1, MAX_EXTENT), (int) section.integer("vocos_num_layers", 0, 1024),
          section.integer("out_channels", 1, MAX_EXTENT));
    }
  }

  static CodecShape read(Settings config, long featureDim) {
    Settings tokenizer = config.section("audio_tokenizer");
    Settings mel = tokenizer.section("mel_params");
    Settings generator = tokenizer.section("decoder");
    Settings quantizer = tokenizer.section("quantizer");
    Settings speaker = tokenizer.section("speaker_encoder");
    Settings encoderSection = tokenizer.section("encoder");
    Settings prenetSection = tokenizer.section("prenet");
    Vocos encoder = Vocos.read(encoderSection);
    Vocos prenet = Vocos.read(prenetSection);
    long sampleRate = config.integer("sample_rate", 16000, 16000);
    long hop = config.integer("latent_hop_length", 1, MAX_HOP);
    int[] rates = generator.integers("rates", 1, 1024);
    int[] taps = generator.integers("kernel_sizes", 1, 4096);
    if (rates.length == 0 || rates.length > 16 || rates.length != taps.length) {
      throw generator.wrong("rates", "1 to 16 entries, as many as kernel_sizes");
    }
    if (Arrays.stream(rates).asLongStream().reduce(1, CodecShape::product) != hop) {
      throw generator.wrong("rates", "factors of latent_hop_length (" + hop + ")");
    }
    for (int i = 0; i < rates.length; i++) {
      if (taps[i] < rates[i] || (taps[i] - rates[i]) % 2 != 0) {
        throw generator.wrong("kernel_sizes", "each at least its rate, their difference even");
      }
    }
    long channels = generator.integer("channels", 1, MAX_EXTENT);
    if (channels % (1L << rates.length) != 0) {
      throw generator.wrong("channels", "a multiple of " + (1L << rates.length));
    }
    equal(encoderSection, "input_channels", featureDim, "wav2vec2's hidden_size");
    equal(quantizer, "input_dim", encoder.out(), "encoder out_channels");
    equal(prenetSection, "input_channels", encoder.out(), "quantizer input_dim");
    equal(generator, "input_channel", prenet.out(), "prenet out_channels");
    equal(prenetSection, "condition_dim", prenet.out(), "prenet out_channels");
    equal(speaker, "out_dim", prenet.out(), "prenet condition_dim");
    speaker.integer("fsq_num_quantizers", 1, 1, 1);
    return new CodecShape(sampleRate, hop, config.flag("volume_normalize", false), encoder, prenet,
        prenetSection.flag("use_tanh_at_final", false), prenetSection.integer("condition_dim", 1, MAX_EXTENT),
        quantizer.integer("codebook_size", 1, MAX_EXTENT), quantizer.integer("codebook_dim", 1, MAX_EXTENT), channels, rates, taps,
        melBins(mel, speaker), mel.integer("n_fft", 2, MAX_FFT), mel.integer("win_length", 1, mel.integer("n_fft", 2, MAX_FFT)),
        mel.integer("hop_length", 1, 1 << 16), mel.number("mel_fmin", 0), mel.number("mel_fmax", sampleRate / 2.0),
        speaker.integer("latent_dim", 1, MAX_EXTENT), speaker.integer("token_num", 1, 4096), speaker.integers("fsq_levels", 2, 1 << 16),
        speaker.integer("out_dim", 1, MAX_EXTENT), clipSamples(config, sampleRate, hop));
  }

  private static long clipSamples(Settings config, long sampleRate, long hop) {
    double samples = sampleRate * config.number("ref_segment_duration", 6);
    if (samples < hop || samples > MAX_CLIP) {
      throw config.wrong("ref_segment_duration", "seconds: at least one token, at most " + MAX_CLIP + " samples");
    }
    return (long) samples / hop * hop;
  }

  /** A product that stops growing instead of overflowing, for comparison with a small number. */
  static long product(long a, long b) {
    return Math.min(a * b, 1L << 40);
  }

  private static long melBins(Settings mel, Settings speaker) {
    long bins = mel.integer("num_mels", 1, 512);
    equal(speaker, "input_dim", bins, "mel_params num_mels");
    return bins;
  }

  private static void equal(Settings section, String key, long expected, String what) {
    if (section.integer(key, 1, MAX_EXTENT) != expected) {
      throw section.wrong(key, expected + ", as " + what);
    }
  }

  void writeCodec(GgufMetadata metadata) {
    metadata.u32("gpa.codec.sample_rate", sampleRate).u32("gpa.codec.hop", hop).bool("gpa.codec.volume_normalize", volumeNormalize)
        .u32("gpa.codec.encoder.block_count", encoder.blocks()).u32("gpa.codec.prenet.block_count", prenet.blocks())
        .integers("gpa.codec.generator.rates", rates).integers("gpa.codec.generator.taps", taps)
        .bool("gpa.codec.prenet.tanh", prenetTanh);
  }

  void writeSpeaker(GgufMetadata metadata) {
    metadata.u32("gpa.speaker.token_count", voiceTokens).u32("gpa.speaker.n_fft", fft).u32("gpa.speaker.win_length", window)
        .u32("gpa.speaker.hop_length", melHop).u32("gpa.speaker.mel_bins", melBins).u32("gpa.speaker.clip_samples", clipSamples)
        .f32("gpa.speaker.mel_fmin", melMin).f32("gpa.speaker.mel_fmax", melMax).integers("gpa.speaker.fsq_levels", fsqLevels);
  }
}
