package io.gpa4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.gpa4j.Gpa;
import io.gpa4j.Voice;
import io.gpa4j.report.ResultFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures what many listeners at once would hear. */
@Command(name = "load-test", description = {"Stream speech to many listeners at once, and tell what they hear.", ""},
    footer = {
      "",
      "Per level: milliseconds to the first audio (median, 95th percentile), seconds a second of speech takes",
      "(median), the share of streams that a player, starting 100 ms after the first chunk, plays without one",
      "gap, and the longest gap (95th percentile over the streams).",
      "",
      "  gpa load-test -m gpa.gguf --streams 1,4,16 --plot load.png"
    })
final class LoadTestCommand implements Callable<Integer> {
  private static final int MAX_STREAMS = 1024;

  @Spec CommandSpec spec;
  @Mixin ModelOptions model;
  @Mixin SamplingOptions sampling;

  @Option(names = "--streams", split = ",", paramLabel = "N", defaultValue = "1,4,16", description = "Listeners at once, a level each. Default: ${DEFAULT-VALUE}.")
  List<Integer> streams;

  @Option(names = "--seconds", paramLabel = "N", defaultValue = "10", description = "How long a level lasts, but for streams that have begun. Default: ${DEFAULT-VALUE}.")
  double seconds;

  @Option(names = {"-v", "--voice"}, paramLabel = "FILE", description = "A .voice file, or a clip of the voice. Default: one of the bundled demo's.")
  Path voice;

  @Option(names = "--text", paramLabel = "TEXT", defaultValue = "turn on the light in the kitchen and play some music in the garage",
      description = "What is said. Default: a sentence of the demo's kind.")
  String text;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the figures there, too.")
  Path json;

  @Option(names = "--plot", paramLabel = "PNG", description = "Draw the figures there.")
  Path plot;

  @Override
  public Integer call() throws IOException {
    check();
    Path clip = voice != null ? voice : Home.demo().resolve("voices/bella.wav");
    ModelOptions.checkVoice(clip);
    PrintWriter out = spec.commandLine().getOut();
    List<LoadTest.Level> levels = new ArrayList<>();
    try (Gpa gpa = model.open(streams.stream().mapToInt(Integer::intValue).max().orElseThrow())) {
      Voice speaker = ModelOptions.voice(gpa, clip);
      LoadTest test = new LoadTest(gpa, speaker, text, sampling.over(gpa));
      test.run(1, 0);
      out.println("streams  made  first audio p50   p95 ms     RTF  without a gap  longest gap p95 ms");
      for (int level : streams) {
        levels.add(test.run(level, seconds));
        print(out, levels.get(levels.size() - 1));
      }
    }
    if (json != null) {
      ResultFile.replace(json, file -> new ObjectMapper().writerWithDefaultPrettyPrinter().writeValue(file.toFile(), json(levels)));
    }
    if (plot != null) {
      ResultFile.replace(plot, new LoadPlot(levels).draw());
    }
    return 0;
  }

  private void check() {
    for (int level : streams) {
      if (level < 1 || level > MAX_STREAMS) {
        throw new ParameterException(spec.commandLine(), "--streams has " + level + ", expected 1 to " + MAX_STREAMS);
      }
    }
    if (!(seconds >= 0 && seconds <= 86_400)) {
      throw new ParameterException(spec.commandLine(), "--seconds is " + seconds + ", expected 0 to 86400");
    }
    if (text.isBlank()) {
      throw new ParameterException(spec.commandLine(), "--text is blank, there is nothing to say");
    }
    if (json != null) {
      Outputs.check(spec, json, model.path());
    }
    if (plot != null) {
      Outputs.check(spec, plot, model.path());
    }
  }

  private static void print(PrintWriter out, LoadTest.Level level) {
    out.printf(Locale.ROOT, "%7d %5d %16.0f %8.0f %7.3f %13.1f%% %19.0f%n", level.streams(), level.made(), level.firstAudioP50(), level.firstAudioP95(),
        level.rtf(), level.continuous(), level.longestGapP95());
    out.flush();
  }

  private static ArrayNode json(List<LoadTest.Level> levels) {
    ArrayNode array = new ObjectMapper().createArrayNode();
    for (LoadTest.Level level : levels) {
      array.addObject().put("streams", level.streams()).put("made", level.made()).put("firstAudioMillisP50", level.firstAudioP50())
          .put("firstAudioMillisP95", level.firstAudioP95()).put("rtf", level.rtf()).put("continuousPercent", level.continuous())
          .put("longestGapMillisP95", level.longestGapP95());
    }
    return array;
  }
}
