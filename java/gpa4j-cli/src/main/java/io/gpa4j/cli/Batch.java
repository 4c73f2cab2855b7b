package io.gpa4j.cli;

import io.gpa4j.AudioFormatException;
import io.gpa4j.CancelledException;
import io.gpa4j.CapacityException;
import io.gpa4j.GpaIoException;
import io.gpa4j.ProgressListener;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;

/**
 * The same for many files, as many at once as keep the engine busy. Results are taken in the files' order. A file that fails is told in a line,
 * the others go on; where there is but one, it is the command that fails.
 *
 * @param <T> what becomes of a file
 */
final class Batch<T> {
  /** Files in work: twice the requests that run at once, and each may be in many. */
  private static final int AT_ONCE = 16;

  /** Begins with a file. */
  interface Start<T> {
    CompletableFuture<T> start(int index, ProgressListener progress) throws IOException;
  }

  /** Keeps a result, and says what shall be printed. */
  interface Taker<T> {
    String take(int index, T result) throws IOException;
  }

  private final List<Path> files;
  private final PrintWriter out;
  private final PrintWriter err;
  private final FileBars bars;
  private final Deque<CompletableFuture<T>> running = new ArrayDeque<>();

  private Batch(List<Path> files, CommandLine line, FileBars bars) {
    this.files = files;
    this.out = line.getOut();
    this.err = line.getErr();
    this.bars = bars;
  }

  /** Does it to all of them; the exit code. Files are told by name only. */
  static <T> int run(List<Path> files, CommandLine line, boolean quiet, Start<T> start, Taker<T> taker) throws IOException {
    try (FileBars bars = new FileBars(line.getErr(), quiet ? 0 : Terminal.columns(), files.size())) {
      return new Batch<T>(files, line, bars).run(start, taker);
    }
  }

  private int run(Start<T> start, Taker<T> taker) throws IOException {
    int code = ExitCode.OK;
    try {
      int started = 0;
      for (int i = 0; i < files.size(); i++) {
        while (started < files.size() && started < i + AT_ONCE) {
          running.add(start(start, started++));
        }
        Throwable failure = end(i, taker);
        running.remove();
        if (failure != null) {
          code = failed(i, failure);
        }
      }
    } finally {
      running.forEach(future -> future.cancel(true));
    }
    return code;
  }

  private CompletableFuture<T> start(Start<T> start, int index) {
    try {
      return start.start(index, bars.of(index, String.valueOf(files.get(index).getFileName())));
    } catch (IOException | GpaIoException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  // What the file failed with, or null.
  private Throwable end(int index, Taker<T> taker) {
    T result;
    try {
      result = running.element().get();
    } catch (ExecutionException e) {
      return e.getCause();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("interrupted");
    }
    try {
      String text = taker.take(index, result);
      bars.ended(index, true, () -> {
        out.print(text);
        out.flush();
      });
      return null;
    } catch (IOException | GpaIoException e) {
      return e;
    }
  }

  private int failed(int index, Throwable cause) throws IOException {
    boolean ofTheFile = cause instanceof AudioFormatException || cause instanceof GpaIoException || cause instanceof CapacityException
        || cause instanceof IOException;
    if (files.size() > 1 && ofTheFile) {
      String said = Errors.oneLine(cause);
      String name = files.get(index).toString();
      bars.ended(index, false, () -> err.println("gpa: " + (said.contains(name) ? said : name + ": " + said)));
      return ExitCode.SOFTWARE;
    }
    if (cause instanceof Error error) {
      throw error;
    }
    if (cause instanceof IOException io) {
      throw io;
    }
    throw (RuntimeException) cause;
  }
}
