package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gpa4j.AudioFormatException;
import io.gpa4j.AudioSource;
import io.gpa4j.CapacityException;
import io.gpa4j.EmptyAudioException;
import io.gpa4j.GenerateOptions;
import io.gpa4j.Gpa;
import io.gpa4j.GpaException;
import io.gpa4j.ModelFile;
import io.gpa4j.Sampling;
import io.gpa4j.SpeechOptions;
import io.gpa4j.Tensor;
import io.gpa4j.TranscribeOptions;
import io.gpa4j.UnsupportedModelException;
import io.gpa4j.Voice;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Wrong arguments and unusable audio and text: a typed error that says what is wrong, and an engine that goes on. */
class ArgumentIT {
  private static final SpeechOptions SPEECH = SpeechOptions.defaults();
  private static final GenerateOptions GENERATE = GenerateOptions.builder().maxTokens(2).build();

  private static Gpa gpa;
  private static Voice voice;

  @TempDir Path folder;

  @BeforeAll
  static void open() {
    gpa = Gpa.builder(Models.goldens("f32")).build();
    voice = gpa.enroll("v", AudioSource.of(Project.goldens().resolve("short.wav")));
  }

  @AfterAll
  static void close() {
    assertThat(gpa.generate(new int[] {1}, GENERATE).ids()).isNotEmpty();
    gpa.close();
  }

  @Test
  void nulls_areNamed() {
    AudioSource audio = AudioSource.of(new float[16_000]);
    assertNull("audio", () -> gpa.transcribe(null));
    assertNull("options", () -> gpa.transcribe(audio, null));
    assertNull("audio", () -> gpa.transcribeAsync(null, TranscribeOptions.defaults()));
    assertNull("name", () -> gpa.enroll(null, audio));
    assertNull("audio", () -> gpa.enroll("a", null));
    assertNull("words", () -> gpa.speak(null, voice, SPEECH));
    assertNull("voice", () -> gpa.speak("a", null, SPEECH));
    assertNull("options", () -> gpa.speak("a", voice, null));
    assertNull("audio", () -> gpa.convert(null, voice));
    assertNull("voice", () -> gpa.convert(audio, null));
    assertNull("prompt", () -> gpa.generate(null, GENERATE));
    assertNull("words", () -> gpa.encode(null, false));
    assertNull("network", () -> gpa.networks().run(null));
    assertNull("model", () -> Gpa.builder(null));
    assertNull("device", () -> Gpa.builder(folder).device(null));
    assertNull("executor", () -> Gpa.builder(folder).executor(null));
    assertNull("path", () -> ModelFile.open(null));
    assertNull("path", () -> AudioSource.of((Path) null));
    assertNull("stream", () -> AudioSource.of((InputStream) null));
    assertNull("samples", () -> AudioSource.of((FloatBuffer) null));
    assertNull("path", () -> Voice.load(null));
    assertNull("path", () -> voice.save(null));
    assertNull("ids", () -> gpa.decode((int[]) null));
    assertNull("listener", () -> gpa.networks().run("decoder", List.of(Tensor.of("prompt", 1)), null));
  }

  @Test
  void audioWithoutSamples_isEmptyAudio() {
    AudioSource empty = AudioSource.of(new float[0]);
    for (Consumer<AudioSource> task : audioTasks()) {
      assertThatThrownBy(() -> task.accept(empty)).isInstanceOf(EmptyAudioException.class);
    }
    assertThatThrownBy(() -> gpa.transcribeAsync(empty, TranscribeOptions.defaults()).join()).hasCauseInstanceOf(EmptyAudioException.class);
  }

  @Test
  void audioOfAHundredthOfASecond_isRefusedByName() {
    Path file = Wav.write(folder.resolve("click.wav"), Wav.bytes(Wav.Kind.S16, 16_000, 1, new float[160]));
    for (Consumer<AudioSource> task : audioTasks()) {
      assertThatThrownBy(() -> task.accept(AudioSource.of(file))).isInstanceOf(AudioFormatException.class)
          .hasMessageContaining("click.wav").hasMessageContaining("160 samples");
    }
  }

  @Test
  void audioThatIsNotFinite_isRefused() {
    for (float value : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
      float[] samples = new float[16_000];
      samples[12_345] = value;
      for (Consumer<AudioSource> task : audioTasks()) {
        assertThatThrownBy(() -> task.accept(AudioSource.of(samples))).isInstanceOf(AudioFormatException.class).hasMessageContaining("12345");
      }
    }
  }

  @Test
  void silence_andNoiseBeyondFullScale_areNoErrors() {
    float[] loud = new float[16_000];
    for (int i = 0; i < loud.length; i++) {
      loud[i] = (i * 7919 % 200 - 100) * 1e6f;
    }
    TranscribeOptions few = TranscribeOptions.builder().maxTokens(4).build();
    gpa.transcribe(AudioSource.of(new float[16_000]), few);
    gpa.transcribe(AudioSource.of(loud), few);
    gpa.enroll("quiet", AudioSource.of(new float[16_000]));
    gpa.enroll("loud", AudioSource.of(loud));
  }

  @Test
  void blankText_isRefused() {
    for (String blank : List.of("", " ", "\n\t  ", " ".repeat(100_000))) {
      assertThatThrownBy(() -> gpa.speak(blank, voice, SPEECH)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("blank");
      assertThatThrownBy(() -> gpa.speakAsync(blank, voice, SPEECH)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void pieceOfText_thatExceedsTheContext_isRefused() {
    try (Gpa small = Gpa.builder(Models.goldens("f32")).contextTokens(60).build()) {
      for (String text : List.of("a".repeat(300), "hello world ".repeat(8_334))) {
        assertThatThrownBy(() -> small.speak(text, voice, SPEECH)).isInstanceOf(CapacityException.class)
            .hasMessageContaining("tokens").hasMessageContaining("context");
        assertThatThrownBy(() -> small.speakStream(text, voice, SPEECH)).isInstanceOf(CapacityException.class);
      }
    }
  }

  @Test
  void audioLongerThanTheContext_isRefused() {
    try (Gpa small = Gpa.builder(Models.goldens("f32")).contextTokens(100).build()) {
      assertThatThrownBy(() -> small.transcribe(AudioSource.of(new float[16_000 * 10]))).isInstanceOf(CapacityException.class)
          .hasMessageContaining("100");
      assertThatThrownBy(() -> small.generate(new int[100], GENERATE)).isInstanceOf(CapacityException.class);
    }
  }

  @Test
  void idsOutsideTheVocabulary_areRefused() {
    assertThatThrownBy(() -> gpa.generate(new int[] {1, -1}, GENERATE)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("-1");
    assertThatThrownBy(() -> gpa.generate(new int[] {999_999}, GENERATE)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("999999");
    assertThatThrownBy(() -> gpa.generate(new int[0], GENERATE)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("prompt");
  }

  @Test
  void optionsOutOfRange_areNamed() {
    assertIllegal("temperature", () -> new Sampling(-1, 0, 1, 1));
    assertIllegal("temperature", () -> new Sampling(Float.NaN, 0, 1, 1));
    assertIllegal("topK", () -> new Sampling(1, -1, 1, 1));
    assertIllegal("topP", () -> new Sampling(1, 0, 0, 1));
    assertIllegal("topP", () -> new Sampling(1, 0, 1.5f, 1));
    assertIllegal("repetitionPenalty", () -> new Sampling(1, 0, 1, 0));
    assertIllegal("maxTokens", () -> SpeechOptions.builder().maxTokens(-1));
    assertIllegal("maxTokens", () -> TranscribeOptions.builder().maxTokens(-1));
    assertIllegal("maxTokens", () -> GenerateOptions.builder().maxTokens(-1));
    assertIllegal("threads", () -> Gpa.builder(folder).threads(-1));
    assertIllegal("maxConcurrency", () -> Gpa.builder(folder).maxConcurrency(2000));
    assertIllegal("maxQueue", () -> Gpa.builder(folder).maxQueue(-1));
    assertIllegal("contextTokens", () -> Gpa.builder(folder).contextTokens(-1));
  }

  @Test
  void unknownOrMisshapenNetworkInputs_areNamed() {
    assertIllegal("dreams", () -> gpa.networks().run("dreams"));
    assertIllegal("wav", () -> gpa.networks().run("glm_mel"));
    assertIllegal("glm_mel", () -> gpa.networks().run("glm_tokenizer", Tensor.of("glm_mel", 10, 3, new float[30]), Tensor.of("samples", 1600)));
    assertIllegal("prompt", () -> gpa.networks().run("decoder", Tensor.of("prompt", 1f, 2f)));
    assertIllegal("x", () -> Tensor.of("x", 2, 3, new float[5]));
  }

  @Test
  void closedEngine_refusesEverything() {
    Gpa closed = Gpa.builder(Models.goldens("f32")).build();
    closed.close();
    AudioSource audio = AudioSource.of(new float[16_000]);
    for (Runnable call : List.<Runnable>of(
        () -> closed.transcribe(audio), () -> closed.transcribeAsync(audio, TranscribeOptions.defaults()),
        () -> closed.enroll("a", audio), () -> closed.speak("a", voice, SPEECH), () -> closed.speakAsync("a", voice, SPEECH),
        () -> closed.convert(audio, voice), () -> closed.generate(new int[] {1}, GENERATE), () -> closed.encode("a", false),
        () -> closed.decode(1), closed::networks)) {
      assertThatThrownBy(call::run).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
    }
  }

  @Test
  void closedModelFile_refusesEverything() {
    ModelFile closed = ModelFile.open(Models.goldens("f32"));
    closed.close();
    closed.close();
    for (Runnable call : List.<Runnable>of(() -> closed.number("general.file_type"), () -> closed.text("general.name"),
        () -> closed.data("decoder.output_norm.weight", 0, 4))) {
      assertThatThrownBy(call::run).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
    }
  }

  @Test
  void modelWithoutAudioNetworks_saysSo_butAnswersPrompts() {
    try (Gpa decoder = Gpa.builder(Models.decoderAlone()).build()) {
      assertThat(decoder.generate(new int[] {1, 2}, GENERATE).ids()).isNotEmpty();
      AudioSource audio = AudioSource.of(new float[16_000]);
      for (Runnable call : List.<Runnable>of(
          () -> decoder.transcribe(audio), () -> decoder.enroll("a", audio), () -> decoder.speak("a", voice, SPEECH),
          () -> decoder.convert(audio, voice))) {
        assertThatThrownBy(call::run).isInstanceOf(UnsupportedModelException.class).hasMessageContaining("decoder-f32.gguf");
      }
    }
  }

  private static List<Consumer<AudioSource>> audioTasks() {
    return List.of(gpa::transcribe, audio -> gpa.enroll("a", audio), audio -> gpa.convert(audio, voice));
  }

  private static void assertNull(String named, Runnable call) {
    assertThatThrownBy(call::run).isInstanceOf(NullPointerException.class).hasMessageContaining(named);
  }

  private static void assertIllegal(String named, Runnable call) {
    assertThatThrownBy(call::run).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(named).isNotInstanceOf(GpaException.class);
  }
}
