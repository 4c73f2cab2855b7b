package io.gpa4j.benchmark;

import io.gpa4j.Gpa;
import io.gpa4j.benchmark.onnx.OnnxPeer;
import io.gpa4j.conversion.ConversionListener;
import io.gpa4j.conversion.Recipe;
import io.gpa4j.conversion.WeightTypes;
import io.gpa4j.fabricate.FabricatedCheckpoint;
import io.gpa4j.fabricate.Fabricator;
import io.gpa4j.fabricate.ModelShape;
import io.gpa4j.report.ResultFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command {@code gpa bench}. */
@Command(name = "gpa bench", mixinStandardHelpOptions = true, usageHelpWidth = 100, description = {
  "Measure a model on this machine: the same cases by gpa.h and from Java, one after the other in every",
  "round, and the engine alone against what the machine can do at most. Prints a table and leaves it with",
  "bench.json, latency.png and batch.png in a folder.", ""
})
public final class Bench implements Callable<Integer> {
  private static final int MIN_CALLS = 3;
  private static final int MAX_CALLS = 100;
  private static final double MILLIS_A_ROUND = 1500;
  private static final String ONNX_RUNTIME = "onnxruntime";
  private static final Path HOME = Path.of(System.getProperty("gpa.home", "."));

  @Option(names = {"-m", "--model"}, paramLabel = "FILE.gguf",
      description = "The model. Default: random weights of the shape gpa-0.3b as q8_0, made once in build/bench.")
  Path model;

  @Option(names = "--threads", paramLabel = "N", defaultValue = "2", description = "Compute threads. Default: ${DEFAULT-VALUE}.")
  int threads;

  @Option(names = "--precision", paramLabel = "exact|fast", defaultValue = "exact", description = "Of the audio networks. Default: ${DEFAULT-VALUE}.")
  String precision;

  @Option(names = "--rounds", paramLabel = "N", defaultValue = "3", description = "Default: ${DEFAULT-VALUE}. More rounds tell noise from differences.")
  int rounds;

  @Option(names = "--only", paramLabel = "REGEX", defaultValue = ".*", description = "Cases whose names contain it, e.g. 'speak|generate_b1_'.")
  Pattern only;

  @Option(names = "--peer", paramLabel = "PEER", description = {
    "llama-bench=PATH: run it (and llama-batched-bench beside it) on the same decoder in every round.",
    "onnxruntime: run the codec's decoder by it in F32, exported from the same file, in every round. May be given twice."})
  List<String> peers = List.of();

  @Option(names = {"-o", "--output"}, paramLabel = "DIR", defaultValue = "out/bench", description = "Folder of the results. Default: ${DEFAULT-VALUE}.")
  Path output;

  /**
   * Runs it.
   *
   * @param args as --help says
   */
  public static void main(String[] args) {
    System.exit(new CommandLine(new Bench()).setCaseInsensitiveEnumValuesAllowed(true).setExecutionExceptionHandler((e, command, parsed) -> {
      System.err.println("gpa bench: " + e.getMessage());
      return 1;
    }).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    Subject subject = new Subject(file(), threads, precision.toUpperCase(Locale.ROOT),
        HOME.toAbsolutePath().resolve("build/tests/native"));
    Files.createDirectories(output);
    Report report = new Report(subject, processor());
    Path program = peerProgram();
    try (LlamaPeer llama = program == null ? null : new LlamaPeer(program, subject, output);
        OnnxPeer onnx = peers.contains(ONNX_RUNTIME) ? new OnnxPeer(subject.model(), threads, subject.precision(), BenchmarkModel.voiceTokens()) : null) {
      measure(report, new NativeSide(subject, text(subject.model())), new JavaSide(subject), llama, onnx);
    }
    if (report.rows.isEmpty() && report.engine.isEmpty() && report.onnx.isEmpty()) {
      throw new IOException("--only " + only + ": no case has such a name");
    }
    String table = report.table();
    System.out.print(table);
    ResultFile.replace(output.resolve("bench.txt"), file -> Files.writeString(file, table));
    report.writeJson(output.resolve("bench.json"));
    plot(report);
    System.out.println(output.toAbsolutePath().normalize());
    return 0;
  }

  private void measure(Report report, NativeSide natively, JavaSide java, LlamaPeer llama, OnnxPeer onnx) throws IOException {
    for (Case one : Case.all()) {
      if (only.matcher(one.name()).find()) {
        report.rows.add(new Row(one));
      }
    }
    for (int round = 1; round <= rounds; round++) {
      System.err.printf("round %d of %d%n", round, rounds);
      report.addEngine(natively.engine(only.pattern(), 0.5));
      if (llama != null) {
        llama.run().forEach((name, speed) -> report.peer.computeIfAbsent(name, key -> new ArrayList<>()).add(speed));
      }
      if (onnx != null) {
        onnx.run().forEach((name, times) -> report.onnx.computeIfAbsent(name, key -> new ArrayList<>()).add(times));
      }
      for (Row row : report.rows) {
        int calls = row.nativeRounds.isEmpty() ? calls(natively.run(row.measured, 1).median()) : row.nativeRounds.get(0).millis().length;
        row.nativeRounds.add(natively.run(row.measured, calls));
        row.javaRounds.add(java.run(row.measured, calls));
      }
    }
  }

  private static int calls(double millis) {
    return (int) Math.max(MIN_CALLS, Math.min(MAX_CALLS, MILLIS_A_ROUND / millis));
  }

  private void plot(Report report) throws IOException {
    Plot latency = new Plot("Latency: the share of calls that took at most so long, over the case's native median", "x native median", "share");
    for (String name : List.of("speak_5s", "transcribe_5s", "convert_5s", "generate_b1_semantic")) {
      report.rows.stream().filter(row -> row.measured.name().equals(name)).forEach(row -> {
        addDistribution(latency, name + ", native", row.nativeRounds, row.nativeMillis());
        addDistribution(latency, name + ", Java", row.javaRounds, row.nativeMillis());
      });
    }
    Plot batch = new Plot("Decoding: tokens per second by sequences side by side", "sequences", "tokens/s");
    for (String head : List.of("semantic", "all")) {
      List<String> names = report.engine.keySet().stream().filter(name -> name.matches("decode_b\\d+_" + head)).toList();
      if (!names.isEmpty()) {
        batch.add(head + " ids", names.stream().mapToDouble(Bench::sequences).toArray(), names.stream().mapToDouble(name -> report.engine(name, "tokens/s")).toArray());
      }
    }
    List<String> theirs = report.peer.keySet().stream().filter(name -> name.startsWith("decode_b")).toList();
    if (!theirs.isEmpty()) {
      batch.add("peer, all ids", theirs.stream().mapToDouble(Bench::sequences).toArray(),
          theirs.stream().mapToDouble(name -> Measured.median(report.peer.get(name).stream().mapToDouble(d -> d).toArray())).toArray());
    }
    for (Map.Entry<String, Plot> plot : Map.of("latency.png", latency, "batch.png", batch).entrySet()) {
      if (!plot.getValue().isEmpty()) {
        plot.getValue().write(output.resolve(plot.getKey()));
      }
    }
  }

  private static double sequences(String name) {
    return Double.parseDouble(name.replaceAll("decode_b(\\d+)_.*", "$1"));
  }

  private static void addDistribution(Plot plot, String title, List<Measured> measured, double median) {
    double[] sorted = measured.stream().flatMapToDouble(round -> Arrays.stream(round.millis())).sorted().map(millis -> millis / median).toArray();
    double[] share = new double[sorted.length];
    Arrays.setAll(share, i -> (i + 1.0) / share.length);
    plot.add(title, sorted, share);
  }

  private Path file() throws IOException {
    if (model != null) {
      if (!Files.isReadable(model)) {
        throw new IOException(model + ": no such model file");
      }
      return model.toAbsolutePath();
    }
    Path made = HOME.resolve("build/bench/gpa-0.3b-q8_0.gguf").toAbsolutePath();
    if (!Files.exists(made)) {
      Files.createDirectories(made.getParent());
      Fabricator.writeModel(new FabricatedCheckpoint(ModelShape.of("gpa-0.3b"), 1), made, WeightTypes.of(Recipe.of("q8_0")), ConversionListener.NONE);
    }
    return made;
  }

  // Of llama-bench; null: not wanted.
  private Path peerProgram() throws IOException {
    Path program = null;
    for (String peer : peers) {
      String[] parts = peer.split("=", 2);
      if (parts.length == 2 && parts[0].equals("llama-bench") && Files.isExecutable(Path.of(parts[1]))) {
        program = Path.of(parts[1]);
      } else if (!peer.equals(ONNX_RUNTIME)) {
        throw new IOException("--peer " + peer + ": give llama-bench=PATH of a program, or " + ONNX_RUNTIME);
      }
    }
    return program;
  }

  // What Java's speak() will be asked, as ids, so that both sides do the same.
  private static String text(Path model) {
    try (Gpa gpa = Gpa.builder(model).threads(1).build()) {
      return Arrays.stream(gpa.encode(BenchmarkModel.TEXT, false)).mapToObj(Integer::toString).collect(Collectors.joining(","));
    }
  }

  private static String processor() throws IOException {
    Path information = Path.of("/proc/cpuinfo");
    if (!Files.isReadable(information)) {
      return System.getProperty("os.arch");
    }
    return Files.readAllLines(information).stream().filter(line -> line.startsWith("model name")).findFirst()
        .map(line -> line.substring(line.indexOf(':') + 1).strip()).orElse(System.getProperty("os.arch"));
  }
}
