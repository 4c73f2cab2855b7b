package io.gpa4j.cli;

import io.gpa4j.Gpa;
import io.gpa4j.Speech;
import io.gpa4j.SpeechOptions;
import io.gpa4j.Voice;
import io.gpa4j.quality.Playback;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** Streams of speech at once, and what their listeners would hear. */
final class LoadTest {
  /** Of one level: streams at once, streams in all, milliseconds to the first audio, seconds a second of speech, percent without a gap, milliseconds. */
  record Level(int streams, int made, double firstAudioP50, double firstAudioP95, double rtf, double continuous, double longestGapP95) {}

  private record Stream(double firstAudioMillis, double rtf, boolean continuous, double longestGapMillis) {}

  // A player begins so long after the first chunk.
  private static final double PLAYER_DELAY_SECONDS = 0.1;
  private static final double MEDIAN = 0.5;
  private static final double HIGH = 0.95;

  private final Gpa gpa;
  private final Voice voice;
  private final String text;
  private final SpeechOptions options;

  LoadTest(Gpa gpa, Voice voice, String text, SpeechOptions options) {
    this.gpa = gpa;
    this.voice = voice;
    this.text = text;
    this.options = options;
  }

  /** So many listeners at once, each of whom asks for the text again and again until the time is over: at least once. */
  Level run(int streams, double seconds) {
    Queue<Stream> made = new ConcurrentLinkedQueue<>();
    ExecutorService listeners = Executors.newFixedThreadPool(streams);
    long end = System.nanoTime() + (long) (seconds * 1e9);
    try {
      List<CompletableFuture<Void>> running = IntStream.range(0, streams).mapToObj(i -> CompletableFuture.runAsync(() -> {
        do {
          made.add(listen());
        } while (System.nanoTime() < end);
      }, listeners)).toList();
      running.forEach(CompletableFuture::join);
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    } finally {
      listeners.shutdownNow();
    }
    List<Stream> all = List.copyOf(made);
    return new Level(streams, all.size(), quantile(all, Stream::firstAudioMillis, MEDIAN), quantile(all, Stream::firstAudioMillis, HIGH),
        quantile(all, Stream::rtf, MEDIAN), 100.0 * all.stream().filter(Stream::continuous).count() / all.size(),
        quantile(all, Stream::longestGapMillis, HIGH));
  }

  private Stream listen() {
    Playback player = new Playback(PLAYER_DELAY_SECONDS, Speech.SAMPLE_RATE);
    long begin = System.nanoTime();
    double[] first = {Double.NaN};
    long[] samples = new long[1];
    gpa.speak(text, voice, options, chunk -> {
      double now = (System.nanoTime() - begin) / 1e9;
      first[0] = Double.isNaN(first[0]) ? now : first[0];
      samples[0] += chunk.samples();
      player.chunk(now, chunk.samples());
      return true;
    });
    double elapsed = (System.nanoTime() - begin) / 1e9;
    return new Stream(1e3 * (Double.isNaN(first[0]) ? elapsed : first[0]), elapsed * Speech.SAMPLE_RATE / Math.max(1, samples[0]), player.isContinuous(),
        1e3 * player.longestGapSeconds());
  }

  private static double quantile(List<Stream> streams, ToDoubleFunction<Stream> value, double share) {
    double[] sorted = streams.stream().mapToDouble(value).sorted().toArray();
    return sorted[(int) Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
  }
}
