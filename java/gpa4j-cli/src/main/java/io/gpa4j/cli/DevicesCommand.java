package io.gpa4j.cli;

import io.gpa4j.Device;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Lists what a model can run on here. */
@Command(name = "devices", description = {"List what a model can run on here: devices, cores, and kernel sets, best first.", ""},
    footer = {"", "The environment variable GPA_ISA forces a kernel set, as in GPA_ISA=avx2 gpa demo."})
final class DevicesCommand implements Callable<Integer> {
  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

  @Spec CommandSpec spec;

  @Override
  public Integer call() {
    String forced = System.getenv("GPA_ISA");
    boolean isForced = forced != null && !forced.isEmpty();
    List<Device> devices = Device.available();
    PrintWriter out = spec.commandLine().getOut();
    for (Device device : devices) {
      String used = isForced ? forced : device.kernels().stream().findFirst().orElse("");
      out.println(device.name() + "  " + (device.name().equals("cpu") ? processor() + "  " : "") + "kernels: "
          + String.join(", ", device.kernels().stream().map(name -> name.equals(used) ? name + " (in use)" : name).toList()));
    }
    if (isForced && devices.stream().noneMatch(device -> device.kernels().contains(forced))) {
      spec.commandLine().getErr().println("gpa: GPA_ISA is " + forced + ", which this machine does not have; unset it or choose one of the list");
      return ExitCode.SOFTWARE;
    }
    return ExitCode.OK;
  }

  private static String processor() {
    int cores = Runtime.getRuntime().availableProcessors();
    return cores + (cores == 1 ? " core" : " cores") + " of " + model();
  }

  private static String model() {
    try (Stream<String> lines = Files.lines(PROCESSORS, StandardCharsets.UTF_8)) {
      return lines.filter(line -> line.startsWith("model name")).map(line -> line.substring(line.indexOf(':') + 1).strip()).findFirst()
          .orElse(System.getProperty("os.arch"));
    } catch (IOException | RuntimeException e) {
      return System.getProperty("os.arch");
    }
  }
}
