package io.gpa4j.cli;

import io.gpa4j.conversion.ConversionListener;
import java.io.PrintWriter;

/** Shows a conversion as progress. */
final class ConversionProgress implements ConversionListener, AutoCloseable {
  private final ProgressBar progress;
  private long total;

  ConversionProgress(PrintWriter err, String job) {
    this.progress = new ProgressBar(err, job);
  }

  @Override
  public void started(int tensors, long bytes) {
    total = bytes;
  }

  @Override
  public void advanced(String tensor, int tensors, long bytes) {
    progress.update(bytes, total, tensor);
  }

  @Override
  public void warned(String message) {
    progress.say("gpa: warning: " + message);
  }

  @Override
  public void close() {
    progress.close();
  }
}
