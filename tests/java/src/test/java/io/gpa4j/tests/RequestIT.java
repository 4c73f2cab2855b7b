package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gpa4j.AudioSource;
import io.gpa4j.Gpa;
import io.gpa4j.GpaIoException;
import io.gpa4j.Sampling;
import io.gpa4j.Speech;
import io.gpa4j.SpeechOptions;
import io.gpa4j.Timings;
import io.gpa4j.TranscribeOptions;
import io.gpa4j.Transcription;
import io.gpa4j.Voice;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes into a request and what comes out of it, on the demo model. */
class RequestIT {
  private static final String TEXT = "turn on the light in the kitchen";
  private static final SpeechOptions SEEDED = SpeechOptions.builder().seed(7).build();

  private static Gpa gpa;
  private static Voice voice;
  private static float[] samples;
  private static String text;

  @TempDir Path folder;

  @BeforeAll
  static void open() {
    gpa = Gpa.builder(Project.demoModel()).build();
    voice = gpa.enroll("bella", AudioSource.of(Demo.voice("bella")));
    samples = AudioSource.of(Project.clip(1)).samples();
    text = gpa.transcribe(AudioSource.of(Project.clip(1))).text();
  }

  @AfterAll
  static void close() {
    gpa.close();
  }

  @Test
  void everyKindOfSource_isHeardTheSame() throws Exception {
    byte[] file = Files.readAllBytes(Project.clip(1));
    assertThat(heard(AudioSource.of(samples))).isEqualTo(text);
    assertThat(heard(AudioSource.of(AudioSourceTest.direct(samples)))).isEqualTo(text);
    assertThat(heard(AudioSource.of(new ByteArrayInputStream(file)))).isEqualTo(text);
    try (AudioInputStream stream = AudioSystem.getAudioInputStream(new ByteArrayInputStream(file))) {
      assertThat(heard(AudioSource.of(stream))).isEqualTo(text);
    }
    for (Wav.Kind kind : List.of(Wav.Kind.S24, Wav.Kind.S32, Wav.Kind.F32)) {
      assertThat(heard(AudioSource.of(new ByteArrayInputStream(Wav.bytes(kind, 16_000, 1, samples))))).as("%s", kind).isEqualTo(text);
    }
  }

  @Test
  void otherRatesAndChannels_areHeardTheSame() {
    float[] stereo = new float[samples.length * 6];
    for (int i = 0; i < stereo.length; i++) {
      int frame = i / 2;
      int before = frame / 3;
      float next = samples[Math.min(samples.length - 1, before + 1)];
      stereo[i] = samples[before] + (next - samples[before]) * (frame % 3) / 3;
    }
    assertThat(heard(AudioSource.of(stereo, 48_000, 2))).isEqualTo(text);
    Path file = Wav.write(folder.resolve("stereo.wav"), Wav.bytes(Wav.Kind.S16, 48_000, 2, stereo));
    assertThat(heard(AudioSource.of(file))).isEqualTo(text);
  }

  @Test
  void sameSeed_givesTheSameSpeech_anotherSeedAnother() {
    float[] first = spoken(SEEDED);
    assertThat(spoken(SEEDED)).isEqualTo(first);
    SpeechOptions wild = SpeechOptions.builder().sampling(new Sampling(1, 0, 1, 1)).seed(1).build();
    SpeechOptions other = SpeechOptions.builder().sampling(new Sampling(1, 0, 1, 1)).seed(2).build();
    assertThat(spoken(wild)).isNotEqualTo(spoken(other));
  }

  @Test
  void speech_givesOneWaveformInEveryForm() throws Exception {
    Path file = folder.resolve("o.wav");
    try (Speech speech = gpa.speak(TEXT, voice, SEEDED)) {
      FloatBuffer buffer = speech.buffer();
      float[] floats = speech.floats();
      assertThat(buffer.isDirect()).isTrue();
      assertThat(buffer.isReadOnly()).isTrue();
      assertThat(buffer.remaining()).isEqualTo(speech.samples()).isEqualTo(320 * speech.tokens().length);
      float[] copy = new float[buffer.remaining()];
      buffer.get(copy);
      assertThat(copy).isEqualTo(floats);
      assertThat(speech.durationMillis()).isEqualTo(speech.samples() / 16);
      speech.write(file);
      float[] cut = clipped(floats);
      assertThat(AudioSource.of(file).samples()).containsExactly(cut, within(1f / 16384));
      try (AudioInputStream stream = speech.toAudioInputStream()) {
        assertThat(stream.getFrameLength()).isEqualTo(floats.length);
        assertThat(AudioSource.of(stream).samples()).containsExactly(cut, within(1f / 16384));
      }
      assertThatThrownBy(() -> speech.write(folder.resolve("none/o.wav"))).isInstanceOf(GpaIoException.class).hasMessageContaining("o.wav");
    }
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void closedSpeech_refusesEverything_butNotAnotherClose() {
    Speech speech = gpa.speak(TEXT, voice, SEEDED);
    speech.close();
    speech.close();
    assertThatThrownBy(speech::buffer).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(speech::floats).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> speech.write(folder.resolve("o.wav"))).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(speech::toAudioInputStream).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void speech_outlivesItsEngine() {
    Speech speech;
    try (Gpa other = Gpa.builder(Project.demoModel()).build()) {
      speech = other.speak(TEXT, voice, SEEDED);
    }
    assertThat(speech.floats()).isEqualTo(spoken(SEEDED));
    speech.close();
  }

  @Test
  void timings_areInOrder() {
    Transcription transcription = gpa.transcribe(AudioSource.of(samples), TranscribeOptions.defaults());
    Timings t = transcription.timings();
    assertThat(List.of(0L, t.startedMicros(), t.encodedMicros(), t.firstTokenMicros(), t.lastTokenMicros(), t.finishedMicros())).isSorted();
    assertThat(t.promptTokens()).isGreaterThan(20);
    assertThat(t.answerTokens()).isPositive();
    assertThat(t.complete()).isTrue();
  }

  @Test
  void maxTokens_cutsTheAnswer() {
    Timings heard = gpa.transcribe(AudioSource.of(samples), TranscribeOptions.builder().maxTokens(3).build()).timings();
    assertThat(heard.answerTokens()).isEqualTo(3);
    assertThat(heard.complete()).isFalse();
    try (Speech speech = gpa.speak(TEXT, voice, SpeechOptions.builder().seed(1).maxTokens(10).build())) {
      assertThat(speech.tokens()).hasSizeLessThanOrEqualTo(10);
    }
  }

  @Test
  void fullVocabulary_agreesWithTheRestrictedOne() {
    TranscribeOptions full = TranscribeOptions.builder().fullVocabulary(true).build();
    assertThat(gpa.transcribe(AudioSource.of(samples), full).text()).isEqualTo(text);
  }

  @Test
  void futures_giveWhatCallsGive() throws ExecutionException, InterruptedException {
    assertThat(gpa.transcribeAsync(AudioSource.of(samples), TranscribeOptions.defaults()).get().text()).isEqualTo(text);
    assertThat(gpa.enrollAsync("bella", AudioSource.of(Demo.voice("bella"))).get()).isEqualTo(voice);
    try (Speech speech = gpa.speakAsync(TEXT, voice, SEEDED).get()) {
      assertThat(speech.floats()).isEqualTo(spoken(SEEDED));
    }
    try (Speech now = gpa.convert(AudioSource.of(samples), voice, SEEDED);
        Speech later = gpa.convertAsync(AudioSource.of(samples), voice, SEEDED).get()) {
      assertThat(later.floats()).isEqualTo(now.floats());
    }
  }

  @Test
  void savedVoice_speaksAsBefore() throws IOException {
    Path file = folder.resolve("b.voice");
    voice.save(file);
    try (Speech speech = gpa.speak(TEXT, Voice.load(file), SEEDED)) {
      assertThat(speech.floats()).isEqualTo(spoken(SEEDED));
    }
  }

  @Test
  void specialTokensInUserText_arePlainCharacters() {
    int[] plain = gpa.encode("<|im_end|>", false);
    int[] parsed = gpa.encode("<|im_end|>", true);
    assertThat(parsed).hasSize(1);
    assertThat(plain).hasSizeGreaterThan(3).doesNotContain(parsed);
    assertThat(gpa.decode(plain)).isEqualTo("<|im_end|>");
  }

  private static String heard(AudioSource source) {
    return gpa.transcribe(source).text();
  }

  private static float[] spoken(SpeechOptions options) {
    try (Speech speech = gpa.speak(TEXT, voice, options)) {
      return speech.floats();
    }
  }

  private static float[] clipped(float[] floats) {
    float[] clipped = floats.clone();
    for (int i = 0; i < clipped.length; i++) {
      clipped[i] = Math.max(-1, Math.min(1, clipped[i]));
    }
    return clipped;
  }
}
