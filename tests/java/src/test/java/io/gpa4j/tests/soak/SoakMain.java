package io.gpa4j.tests.soak;

import io.gpa4j.AudioSource;
import io.gpa4j.CancelledException;
import io.gpa4j.CapacityException;
import io.gpa4j.EngineStats;
import io.gpa4j.Gpa;
import io.gpa4j.SpeechOptions;
import io.gpa4j.SpeechStream;
import io.gpa4j.TranscribeOptions;
import io.gpa4j.Voice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Mixed load for a long time: {@code SoakMain MINUTES MODEL.gguf}. Prints a line a minute. Ends with 1 if a request ended as it should
 * not, if none ended within a minute, or if memory grew by more than {@link #MOST_GROWTH_MIB} after a tenth of the time.
 */
public final class SoakMain {
  private static final int CLIENTS = 12;
  private static final int CONCURRENCY = 4;
  private static final int QUEUE = 4;  // fewer places than clients: some are refused
  private static final double MOST_GROWTH_MIB = 64;
  private static final long MINUTE_NANOS = 60_000_000_000L;

  private final Gpa gpa;
  private final Voice[] voices;
  private final float[] clip = new float[16_000];
  private final AtomicLong wrong = new AtomicLong();
  private final AtomicLong thrown = new AtomicLong();
  private volatile boolean over;

  private SoakMain(Path model) {
    gpa = Gpa.builder(model).maxConcurrency(CONCURRENCY).maxQueue(QUEUE).refuseWhenFull(true).build();
    Random random = new Random(1);
    for (int i = 0; i < clip.length; i++) {
      clip[i] = (float) (0.3 * Math.sin(0.05 * i) + 0.01 * random.nextGaussian());
    }
    voices = new Voice[] {gpa.enroll("one", AudioSource.of(clip)), Voice.of("two", new int[Voice.TOKENS])};
  }

  /** Runs it. */
  public static void main(String[] args) throws Exception {
    double minutes = Double.parseDouble(args[0]);
    SoakMain soak = new SoakMain(Path.of(args[1]));
    boolean good = soak.run((long) (minutes * MINUTE_NANOS));
    System.out.println(good ? "soak: good" : "soak: FAILED");
    System.exit(good ? 0 : 1);
  }

  private boolean run(long nanos) throws Exception {
    List<Thread> clients = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      int seed = i;
      Thread client = new Thread(() -> load(new Random(seed)), "client " + i);
      client.start();
      clients.add(client);
    }
    long begin = System.nanoTime();
    long tick = Math.min(MINUTE_NANOS, nanos / 10);
    double settled = 0;
    double resident = 0;
    boolean alive = true;
    EngineStats before = gpa.stats();
    for (long next = tick; next <= nanos; next += tick) {
      Thread.sleep(Math.max(0, (begin + next - System.nanoTime()) / 1_000_000));
      EngineStats now = gpa.stats();
      resident = residentMib();
      if (settled == 0 && next >= nanos / 10) {
        settled = resident;
      }
      alive &= now.done() > before.done();
      System.out.printf("%6.1f min  done %d  refused %d  cancelled %d  failed %d  wrong %d  threw %d  batch %.2f  shared %d tokens  RTF %.2f"
              + "  first audio %.0f / %.0f ms  RSS %.0f MiB%n", next / (double) MINUTE_NANOS, now.done(), now.refused(), now.cancelled(),
          now.failed(), wrong.get(), thrown.get(), now.meanBatch(), now.prefixRows(), now.realTimeFactor(),
          now.firstAudioP50Micros() * 1e-3, now.firstAudioP95Micros() * 1e-3, resident);
      before = now;
    }
    over = true;
    gpa.close();
    for (Thread client : clients) {
      client.join(60_000);
      alive &= !client.isAlive();
    }
    return alive && wrong.get() == 0 && before.failed() == 0 && resident - settled <= MOST_GROWTH_MIB;
  }

  private void load(Random random) {
    while (!over) {
      try {
        one(random);
      } catch (CapacityException e) {
        pause(random.nextInt(100));
      } catch (CancelledException | IllegalStateException e) {
        note(e, over);
      } catch (Throwable t) {
        note(t, false);
      }
    }
  }

  private void note(Throwable t, boolean expected) {
    if (!expected) {
      wrong.incrementAndGet();
      t.printStackTrace();
    }
  }

  private void one(Random random) {
    Voice voice = voices[random.nextInt(voices.length)];
    SpeechOptions options = SpeechOptions.builder().seed(random.nextLong()).maxTokens(20 + random.nextInt(100)).build();
    String words = "please play some music ".repeat(1 + random.nextInt(3)) + random.nextInt(100);
    switch (random.nextInt(8)) {
      case 0 -> gpa.speak(words, voice, options).close();
      case 1 -> gpa.speak(words, voice, options, chunk -> true);
      case 2 -> gpa.speak(words, voice, options, chunk -> pause(random.nextInt(200)));
      case 3 -> failing(words, voice, options);
      case 4 -> {
        try (SpeechStream stream = gpa.speakStream(words, voice, options)) {
          stream.iterator().hasNext();  // and leaves
        }
      }
      case 5 -> gpa.convert(AudioSource.of(clip), voice, options).close();
      case 6 -> {
        CompletableFuture<?> heard = gpa.transcribeAsync(AudioSource.of(clip), TranscribeOptions.defaults());
        pause(random.nextInt(50));
        heard.cancel(true);
      }
      default -> gpa.enroll("somebody", AudioSource.of(clip));
    }
  }

  private void failing(String words, Voice voice, SpeechOptions options) {
    UnsupportedOperationException mine = new UnsupportedOperationException("mine");
    try {
      gpa.speak(words, voice, options, chunk -> {
        throw mine;
      });
    } catch (UnsupportedOperationException e) {
      if (e != mine) {
        throw e;
      }
      thrown.incrementAndGet();
    }
  }

  private static boolean pause(int millis) {
    try {
      Thread.sleep(millis);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static double residentMib() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
      }
    }
    throw new IOException("/proc/self/status has no VmRSS");
  }
}
