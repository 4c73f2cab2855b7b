package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.gpa4j.AudioChunk;
import io.gpa4j.AudioSource;
import io.gpa4j.ChunkConsumer;
import io.gpa4j.Gpa;
import io.gpa4j.SpeechOptions;
import io.gpa4j.SpeechStream;
import io.gpa4j.StreamOptions;
import io.gpa4j.Voice;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a chunk of speech costs on the heap, by the JVM's own count of a thread's allocations. */
@Timeout(120)
class StreamGarbageIT {
  private static final String TEXT = "turn on the light in the kitchen and then play some music";
  private static final SpeechOptions EXACT = SpeechOptions.builder().seed(7).stream(new StreamOptions(Integer.MAX_VALUE, 2, 4, 1)).build();

  private static Gpa gpa;
  private static Voice voice;

  @BeforeAll
  static void open() {
    gpa = Gpa.builder(Project.demoModel()).maxConcurrency(2).build();
    voice = gpa.enroll("bella", AudioSource.of(Demo.voice("bella")));
  }

  @AfterAll
  static void close() {
    gpa.close();
  }

  @Test
  void chunk_makesNoGarbage() {
    assertNoGarbage(consumer -> gpa.speak(TEXT, voice, EXACT, consumer));
    AudioSource clip = AudioSource.of(Project.clip(29));
    assertNoGarbage(consumer -> gpa.convert(clip, voice, EXACT, consumer));
    // Nor where somebody is told how far it is: that is another thread's work.
    assertNoGarbage(consumer -> gpa.speak(TEXT, voice, EXACT.withProgress(progress -> {}), consumer));
  }

  private static void assertNoGarbage(Consumer<ChunkConsumer> speech) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    float[] samples = new float[1 << 16];
    byte[] bytes = new byte[1 << 17];
    long[] allocated = new long[1000];
    FloatBuffer[] buffers = new FloatBuffer[1000];
    int[] chunks = {0};
    for (int round = 0; round < 2; round++) {  // in the first one classes load
      chunks[0] = 0;
      speech.accept(chunk -> {
        int count = chunk.copyTo(samples, 0) + chunk.copyTo(bytes, 0) + chunk.buffer().remaining();
        buffers[chunks[0]] = chunk.buffer();
        allocated[chunks[0]++] = threads.getCurrentThreadAllocatedBytes();
        return count == 4 * chunk.samples();
      });
    }
    // A place where chunks lie is looked at anew when a longer one than before comes there; otherwise nothing is made.
    int again = 0;
    for (int i = 1; i < chunks[0]; i++) {
      if (Arrays.asList(buffers).subList(0, i).stream().anyMatch(same(buffers[i]))) {
        assertThat(allocated[i] - allocated[i - 1]).as("chunk %d", i).isZero();
        again++;
      }
    }
    assertThat(again).isGreaterThan(chunks[0] / 2);
  }

  @Test
  void readers_makeNextToNoGarbage() throws Exception {
    byte[] bytes = new byte[1 << 17];
    float[] samples = new float[1 << 16];
    long read = 0;
    long iterated = 0;
    for (int round = 0; round < 2; round++) {  // in the first one classes load
      try (SpeechStream stream = gpa.speakStream(TEXT, voice, EXACT)) {
        InputStream pcm = stream.asInputStream(SpeechStream.Format.PCM);
        read = medianAllocated(() -> pcm.read(bytes) > 0);
      }
      try (SpeechStream stream = gpa.speakStream(TEXT, voice, EXACT)) {
        Iterator<AudioChunk> chunks = stream.iterator();
        iterated = medianAllocated(() -> chunks.hasNext() && chunks.next().copyTo(samples, 0) > 0);
      }
    }
    System.out.printf("allocated by the reader of a chunk: InputStream %d bytes, iterator %d bytes%n", read, iterated);
    assertThat(read).isLessThan(400);
    assertThat(iterated).isLessThan(400);
  }

  private static long medianAllocated(Callable<Boolean> step) throws Exception {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    List<Long> all = new ArrayList<>();
    for (long before = threads.getCurrentThreadAllocatedBytes(); step.call(); before = threads.getCurrentThreadAllocatedBytes()) {
      all.add(threads.getCurrentThreadAllocatedBytes() - before);
    }
    return all.stream().sorted().skip(all.size() / 2).findFirst().orElseThrow();
  }

  private static Predicate<FloatBuffer> same(FloatBuffer buffer) {
    return other -> other == buffer;
  }
}
