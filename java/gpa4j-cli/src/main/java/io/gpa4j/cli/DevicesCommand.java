package io.gpa4j.cli;

import io.gpa4j.Device;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Lists what a model can run on here. */
@Command(name = "devices", description = "List what a model can run on here.")
final class DevicesCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Override
  public Integer call() {
    int processors = Runtime.getRuntime().availableProcessors();
    for (Device device : Device.available()) {
      spec.commandLine().getOut().printf("%s  %d threads, kernels: %s%n", device.name(), processors, String.join(", ", device.kernels()));
    }
    return 0;
  }
}
