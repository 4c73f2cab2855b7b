package io.gpa4j.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gpa4j.AudioSource;
import io.gpa4j.Gpa;
import io.gpa4j.GpaIoException;
import io.gpa4j.Speech;
import io.gpa4j.SpeechOptions;
import io.gpa4j.Voice;
import io.gpa4j.quality.WordErrors;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows all three tasks on the bundled model and clips. */
@Command(name = "demo", description = {"Listen, speak and convert with the bundled model; leaves WAVs, a transcript and a spectrogram.", ""},
    footer = {"", "The last line printed is the folder of the results. Needs no network and no GPU."})
final class DemoCommand implements Callable<Integer> {
  private static final String FIRST_TEXT = "turn on the light in the kitchen";
  private static final String SECOND_TEXT = "what is the weather in london";

  @Spec CommandSpec spec;
  @Mixin ModelOptions model;

  @Option(names = {"-o", "--output"}, paramLabel = "DIR", defaultValue = "out/demo", description = "Folder for the results. Default: ${DEFAULT-VALUE}.")
  Path output;

  private final List<Spectrogram.Panel> panels = new ArrayList<>();
  private final List<String> transcript = new ArrayList<>();
  private PrintWriter out;

  @Override
  public Integer call() throws IOException {
    out = spec.commandLine().getOut();
    Path demo = Home.demo();
    if (!Files.isDirectory(demo)) {
      throw new GpaIoException(demo + ": the demo's clips are not there; start the demo by the project's own ./gpa");
    }
    Files.createDirectories(output);
    try (Gpa gpa = model.open()) {
      listen(gpa, demo);
      SpeechOptions options = SpeechOptions.builder().sampling(gpa.speechSampling().withRepetitionPenalty(1)).seed(3).build();
      Voice adam = gpa.enroll("adam", AudioSource.of(demo.resolve("voices/adam.wav")));
      Voice bella = gpa.enroll("bella", AudioSource.of(demo.resolve("voices/bella.wav")));
      adam.save(output.resolve("adam.voice"));
      bella.save(output.resolve("bella.voice"));
      try (Speech speech = gpa.speak(FIRST_TEXT, adam, options)) {
        keep(gpa, speech, "speech-adam.wav", "adam says: " + FIRST_TEXT);
      }
      try (Speech speech = gpa.speak(SECOND_TEXT, bella, options)) {
        keep(gpa, speech, "speech-bella.wav", "bella says: " + SECOND_TEXT);
      }
      try (Speech speech = gpa.convert(AudioSource.of(demo.resolve("clips/04.wav")), bella, options)) {
        keep(gpa, speech, "converted-to-bella.wav", "adam's clip 04 in bella's voice");
      }
      try (Speech speech = gpa.convert(AudioSource.of(demo.resolve("clips/13.wav")), adam, options)) {
        keep(gpa, speech, "converted-to-adam.wav", "bella's clip 13 in adam's voice");
      }
    }
    Files.write(output.resolve("transcript.txt"), transcript);
    Spectrogram.write(panels, output.resolve("spectrogram.png"));
    out.println(output.toAbsolutePath().normalize());
    out.flush();
    return 0;
  }

  private void listen(Gpa gpa, Path demo) throws IOException {
    WordErrors errors = new WordErrors();
    long begin = System.nanoTime();
    double seconds = 0;
    for (JsonNode clip : new ObjectMapper().readTree(demo.resolve("clips.json").toFile())) {
      String text = clip.get("text").asText();
      String heard = gpa.transcribe(AudioSource.of(demo.resolve(clip.get("file").asText()))).text();
      int wrong = errors.add(text, heard);
      seconds += clip.get("samples").asInt() / 16_000.0;
      say(clip.get("file").asText() + ": " + heard + (wrong == 0 ? "" : "   (said: " + text + ")"));
    }
    double elapsed = (System.nanoTime() - begin) / 1e9;
    say(String.format(Locale.ROOT, "word error rate %.1f %% of %d words; %.1f s of audio in %.1f s, RTF %.3f", errors.percent(),
        errors.words(), seconds, elapsed, elapsed / seconds));
  }

  private void keep(Gpa gpa, Speech speech, String file, String title) {
    speech.write(output.resolve(file));
    float[] samples = speech.floats();
    panels.add(new Spectrogram.Panel(title, samples));
    String heard = gpa.transcribe(AudioSource.of(samples)).text();
    say(String.format(Locale.ROOT, "%s: %s (%.2f s); heard again as: %s", file, title, samples.length / 16_000.0, heard));
  }

  private void say(String line) {
    transcript.add(line);
    out.println(line);
    out.flush();
  }
}
