package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gpa4j.AudioChunk;
import io.gpa4j.AudioSource;
import io.gpa4j.CancelledException;
import io.gpa4j.Gpa;
import io.gpa4j.GpaIoException;
import io.gpa4j.Speech;
import io.gpa4j.SpeechOptions;
import io.gpa4j.SpeechStream;
import io.gpa4j.StreamOptions;
import io.gpa4j.Timings;
import io.gpa4j.Voice;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.sound.sampled.AudioSystem;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Speech that streams, on the demo model: the same samples, however they are taken, and takers that fail, stop, or are slow. */
@Timeout(120)
class StreamIT {
  private static final String TEXT = "turn on the light in the kitchen and then play some music";
  private static final StreamOptions SMALL = new StreamOptions(Integer.MAX_VALUE, 2, 4, 1);
  private static final SpeechOptions EXACT = SpeechOptions.builder().seed(7).stream(SMALL).build();

  private static Gpa gpa;
  private static Voice voice;
  private static float[] whole;

  @BeforeAll
  static void open() {
    gpa = Gpa.builder(Project.demoModel()).maxConcurrency(2).build();
    voice = gpa.enroll("bella", AudioSource.of(Demo.voice("bella")));
    try (Speech speech = gpa.speak(TEXT, voice, EXACT)) {
      whole = speech.floats();
    }
  }

  @AfterAll
  static void close() {
    gpa.close();
  }

  @Test
  void callback_withAllLookAhead_getsTheWholeSpeechSampleBySample() {
    Collected got = new Collected();
    Timings timings = gpa.speak(TEXT, voice, EXACT, got::add);
    assertThat(withoutMean(got.samples)).isEqualTo(whole);
    assertThat(got.chunks).isGreaterThan(3);
    assertThat(timings.firstAudioMicros()).isPositive().isLessThan(timings.finishedMicros());
    assertThat(timings.complete()).isTrue();
  }

  @Test
  void everyWayOfReading_givesTheSameSamples() throws Exception {
    SpeechOptions usual = SpeechOptions.builder().seed(7).build();
    Collected called = new Collected();
    gpa.speak(TEXT, voice, usual, called::add);
    Collected iterated = new Collected();
    try (SpeechStream stream = gpa.speakStream(TEXT, voice, usual)) {
      stream.forEach(iterated::add);
    }
    assertThat(iterated.samples).isEqualTo(called.samples);
    assertThat(iterated.samples).hasSize(whole.length);
    Subscriber subscriber = new Subscriber(Long.MAX_VALUE);
    gpa.speakStream(TEXT, voice, usual).publisher().subscribe(subscriber);
    subscriber.over.get();
    Collected published = new Collected();
    subscriber.chunks.forEach(published::add);
    assertThat(published.samples).isEqualTo(called.samples);
    try (InputStream wav = gpa.speakStream(TEXT, voice, usual).asInputStream(SpeechStream.Format.WAV)) {
      float[] read = AudioSource.of(new ByteArrayInputStream(wav.readAllBytes())).samples();
      assertThat(read).hasSize(whole.length);
      for (int i = 0; i < read.length; i++) {
        assertThat(read[i]).isCloseTo(called.samples.get(i), within(1f / 16384));
      }
    }
    try (InputStream pcm = gpa.speakStream(TEXT, voice, usual).asInputStream(SpeechStream.Format.PCM)) {
      assertThat(pcm.readAllBytes()).hasSize(2 * whole.length);
    }
  }

  @Test
  void growingFile_isAWavMeanwhile_andInTheEnd(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("growing.wav");
    CountDownLatch some = new CountDownLatch(1);
    SpeechOptions usual = EXACT.withProgress(progress -> {
      if (!progress.audio().isZero() && Files.exists(file) && file.toFile().length() > 44) {
        some.countDown();
      }
    });
    CompletableFuture<float[]> read = CompletableFuture.supplyAsync(() -> {
      awaitQuietly(some);
      return AudioSource.of(file).samples();
    });
    try (SpeechStream stream = gpa.speakStream(TEXT.repeat(8), voice, usual)) {
      stream.write(file);
    }
    assertThat(read.get(60, TimeUnit.SECONDS)).isNotEmpty();
    Collected called = new Collected();
    gpa.speak(TEXT.repeat(8), voice, EXACT, called::add);
    assertThat(Files.size(file)).isEqualTo(44 + 2L * called.samples.size());
    try (InputStream wav = gpa.speakStream(TEXT.repeat(8), voice, EXACT).asInputStream(SpeechStream.Format.WAV)) {
      byte[] bytes = wav.readAllBytes();
      assertThat(Arrays.mismatch(bytes, 44, bytes.length, Files.readAllBytes(file), 44, bytes.length)).isEqualTo(-1);
    }
    assertThat(AudioSystem.getAudioFileFormat(file.toFile()).getFrameLength()).isEqualTo(called.samples.size());
    SpeechStream closed = gpa.speakStream(TEXT, voice, EXACT);
    closed.close();
    assertThatThrownBy(() -> closed.write(file)).isInstanceOf(CancelledException.class);
    assertThat(file).doesNotExist();
    try (SpeechStream stream = gpa.speakStream(TEXT, voice, EXACT)) {
      assertThatThrownBy(() -> stream.write(folder)).isInstanceOf(GpaIoException.class).hasMessageContaining(folder.toString());
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void consumersIoException_arrivesUnchecked() {
    IOException mine = new IOException("disk full");
    assertThatThrownBy(() -> gpa.speak(TEXT, voice, EXACT, chunk -> {
      throw mine;
    })).isInstanceOf(UncheckedIOException.class).hasCause(mine);
  }

  @Test
  void conversion_streamsToo() {
    AudioSource audio = AudioSource.of(Project.clip(1));
    Collected called = new Collected();
    gpa.convert(audio, voice, EXACT, called::add);
    Collected iterated = new Collected();
    try (SpeechStream stream = gpa.convertStream(audio, voice, EXACT)) {
      stream.forEach(iterated::add);
    }
    try (Speech speech = gpa.convert(audio, voice, EXACT)) {
      assertThat(withoutMean(called.samples)).isEqualTo(speech.floats());
      assertThat(withoutMean(iterated.samples)).isEqualTo(speech.floats());
    }
  }

  @Test
  void chunk_isDirectMemory_validInsideTheCallOnly() {
    AtomicReference<AudioChunk> kept = new AtomicReference<>();
    gpa.speak(TEXT, voice, EXACT, chunk -> {
      assertThat(chunk.buffer().isDirect()).isTrue();
      assertThat(chunk.buffer().isReadOnly()).isTrue();
      assertThat(chunk.buffer().remaining()).isEqualTo(chunk.samples());
      assertThat(chunk.bytes()).hasSize(2 * chunk.samples());
      assertThat(chunk.sampleRate()).isEqualTo(16_000);
      assertThat(kept.getAndSet(chunk)).isIn(null, chunk);
      return true;
    });
    assertThatThrownBy(() -> kept.get().buffer()).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> kept.get().samples()).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void consumerThatWantsNoMore_endsItsSpeech() {
    Collected got = new Collected();
    Timings timings = gpa.speak(TEXT, voice, EXACT, chunk -> got.add(chunk) && got.chunks < 2);
    assertThat(got.chunks).isEqualTo(2);
    assertThat(timings.firstAudioMicros()).isPositive();
  }

  @Test
  void consumersThatThrow_reachTheirCallersOnly() throws Exception {
    CompletableFuture<Void> others = CompletableFuture.runAsync(() -> {
      for (int i = 0; i < 10; i++) {
        Collected got = new Collected();
        gpa.speak(TEXT, voice, EXACT, got::add);
        assertThat(withoutMean(got.samples)).isEqualTo(whole);
      }
    });
    for (int i = 0; i < 200; i++) {
      RuntimeException thrown = i % 2 == 0 ? new UnsupportedOperationException("no " + i) : new IllegalStateException("no " + i);
      assertThatThrownBy(() -> gpa.speak(TEXT, voice, EXACT, chunk -> {
        throw thrown;
      })).isSameAs(thrown);
    }
    AssertionError error = new AssertionError("an Error, too");
    assertThatThrownBy(() -> gpa.speak(TEXT, voice, EXACT, chunk -> {
      throw error;
    })).isSameAs(error);
    others.get(100, TimeUnit.SECONDS);
  }

  @Test
  void slowConsumer_holdsUpNobody() {
    CountDownLatch called = new CountDownLatch(1);
    CountDownLatch gate = new CountDownLatch(1);
    Collected slow = new Collected();
    CompletableFuture<Timings> slowly = CompletableFuture.supplyAsync(() -> gpa.speak(TEXT, voice, EXACT, chunk -> {
      called.countDown();
      awaitQuietly(gate);
      return slow.add(chunk);
    }));
    awaitQuietly(called);
    Collected quick = new Collected();
    gpa.speak(TEXT, voice, EXACT, quick::add);
    assertThat(withoutMean(quick.samples)).isEqualTo(whole);
    assertThat(slowly).isNotDone();
    gate.countDown();
    slowly.join();
    assertThat(withoutMean(slow.samples)).isEqualTo(whole);
  }

  @Test
  void streamClosedEarly_freesItsPlace() {
    for (int i = 0; i < 20; i++) {
      SpeechStream stream = gpa.speakStream(TEXT, voice, EXACT);
      Iterator<AudioChunk> chunks = stream.iterator();
      for (int c = 0; c < i % 3; c++) {
        chunks.next();
      }
      stream.close();
      assertThatThrownBy(chunks::hasNext).isInstanceOf(CancelledException.class);
    }
    // Only two run at a time: these would wait for ever.
    Collected got = new Collected();
    gpa.speak(TEXT, voice, EXACT, got::add);
    assertThat(withoutMean(got.samples)).isEqualTo(whole);
  }

  @Test
  void stream_isReadOnce() {
    try (SpeechStream stream = gpa.speakStream(TEXT, voice, EXACT)) {
      stream.iterator();
      assertThatThrownBy(stream::iterator).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(stream::publisher).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> stream.asInputStream(SpeechStream.Format.PCM)).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void interruptedReader_cancels() throws Exception {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread reader = new Thread(() -> {
      try (SpeechStream stream = gpa.speakStream(TEXT, voice, EXACT)) {
        Thread.currentThread().interrupt();
        stream.forEach(chunk -> {});
      } catch (Throwable t) {
        thrown.set(t);
      }
    });
    reader.start();
    reader.join(60_000);
    assertThat(thrown.get()).isInstanceOf(CancelledException.class);
  }

  @Test
  void publisher_givesNoMoreThanIsRequested() throws Exception {
    Subscriber one = new Subscriber(1);
    try (SpeechStream stream = gpa.speakStream(TEXT, voice, EXACT)) {
      stream.publisher().subscribe(one);
      assertThat(one.arrived.poll(60, TimeUnit.SECONDS)).isNotNull();
      assertThat(one.arrived.poll(200, TimeUnit.MILLISECONDS)).isNull();
      assertThat(one.chunks).hasSize(1);
      one.subscription.request(2);
      assertThat(one.arrived.poll(60, TimeUnit.SECONDS)).isNotNull();
      assertThat(one.arrived.poll(60, TimeUnit.SECONDS)).isNotNull();
      assertThat(one.arrived.poll(200, TimeUnit.MILLISECONDS)).isNull();
      one.subscription.request(Long.MAX_VALUE);
      one.over.get(60, TimeUnit.SECONDS);
      Collected got = new Collected();
      one.chunks.forEach(got::add);
      assertThat(withoutMean(got.samples)).isEqualTo(whole);
    }
    Subscriber wrong = new Subscriber(0);
    gpa.speakStream(TEXT, voice, EXACT).publisher().subscribe(wrong);
    assertThatThrownBy(() -> wrong.over.get(60, TimeUnit.SECONDS)).hasCauseInstanceOf(IllegalArgumentException.class);
    Subscriber leaving = new Subscriber(1);
    gpa.speakStream(TEXT, voice, EXACT).publisher().subscribe(leaving);
    leaving.arrived.poll(60, TimeUnit.SECONDS);
    leaving.subscription.cancel();
    assertThat(leaving.over).isNotDone();
  }

  @Test
  void closingTheEngine_endsItsStreams() throws IOException {
    List<SpeechStream> streams = new ArrayList<>();
    Gpa other = Gpa.builder(Project.demoModel()).build();
    for (int i = 0; i < 4; i++) {
      streams.add(other.speakStream(TEXT, voice, EXACT));
    }
    Iterator<AudioChunk> first = streams.get(0).iterator();
    first.next();
    InputStream second = streams.get(1).asInputStream(SpeechStream.Format.PCM);
    other.close();
    assertThatThrownBy(() -> first.forEachRemaining(chunk -> {})).isInstanceOf(CancelledException.class);
    assertThatThrownBy(second::readAllBytes).isInstanceOf(IOException.class).hasCauseInstanceOf(CancelledException.class);
    assertThatThrownBy(() -> gpa.speak(TEXT, voice, EXACT, chunk -> {
      gpa.close();
      return true;
    })).isInstanceOf(IllegalStateException.class).hasMessageContaining("inside");
    streams.forEach(SpeechStream::close);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static float[] withoutMean(List<Float> samples) {
    double sum = 0;
    for (float sample : samples) {
      sum += sample;
    }
    float mean = (float) (sum / samples.size());
    float[] out = new float[samples.size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = samples.get(i) - mean;
    }
    return out;
  }

  private static final class Collected {
    private final List<Float> samples = new ArrayList<>();
    private int chunks;

    boolean add(AudioChunk chunk) {
      assertThat(chunk.firstSample()).isEqualTo(samples.size());
      for (float sample : chunk.floats()) {
        samples.add(sample);
      }
      chunks++;
      return true;
    }
  }

  private static final class Subscriber implements Flow.Subscriber<AudioChunk> {
    private final List<AudioChunk> chunks = new ArrayList<>();
    private final BlockingQueue<AudioChunk> arrived = new LinkedBlockingQueue<>();
    private final CompletableFuture<Void> over = new CompletableFuture<>();
    private final long wanted;
    private Flow.Subscription subscription;

    Subscriber(long wanted) {
      this.wanted = wanted;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
      given.request(wanted);
    }

    @Override
    public void onNext(AudioChunk chunk) {
      chunks.add(chunk);
      arrived.add(chunk);
    }

    @Override
    public void onError(Throwable t) {
      over.completeExceptionally(t);
    }

    @Override
    public void onComplete() {
      over.complete(null);
    }
  }
}
