package io.gpa4j.benchmark;

import io.gpa4j.AudioSource;
import io.gpa4j.Gpa;
import io.gpa4j.Voice;
import java.nio.file.Path;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A model, a clip and a voice: the demo's, or those of the properties {@code gpa.model}, {@code gpa.clip}, {@code gpa.voice}. */
@State(Scope.Benchmark)
public class DemoModel {
  private static final Path DEMO = Path.of(System.getProperty("gpa.home", "."), "tests/data/demo");

  /** Compute threads; 0: one a core. */
  @Param("0")
  public int threads;

  Gpa gpa;
  Voice voice;
  float[] clip;

  /** Opens the model and reads the clip. */
  @Setup(Level.Trial)
  public void open() {
    gpa = Gpa.builder(file("gpa.model", "demo.gguf")).threads(threads).build();
    clip = AudioSource.of(file("gpa.clip", "clips/01.wav")).samples();
    voice = gpa.enroll("voice", AudioSource.of(file("gpa.voice", "voices/bella.wav")));
  }

  /** Closes the model. */
  @TearDown(Level.Trial)
  public void close() {
    gpa.close();
  }

  private static Path file(String property, String otherwise) {
    String named = System.getProperty(property);
    return named == null ? DEMO.resolve(otherwise) : Path.of(named);
  }
}
