package io.gpa4j.cli;

import io.gpa4j.Progress;
import io.gpa4j.ProgressListener;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** How far several files are, a bar each, on the terminal that standard error is; where it is none, nothing. Listeners are called on any thread. */
final class FileBars implements AutoCloseable {
  private static final int NAME_COLUMNS = 24;
  // More lines would leave too little of what stands above them.
  private static final int MOST_BARS = 8;
  private static final long REDRAW_NANOS = 100_000_000;
  private static final String ERASE_LINE = "\r\u001b[K";
  private static final String UP = "\u001b[A";

  private final PrintWriter err;
  private final int columns;
  private final int files;
  // All below under this object's lock.
  private final Map<Object, String> names = new LinkedHashMap<>();
  private final Map<Object, Progress> running = new LinkedHashMap<>();
  private final Set<Object> over = new HashSet<>();
  private int failed;
  private int drawnLines;
  private long lastDraw;

  FileBars(PrintWriter err, int columns, int files) {
    this.err = err;
    this.columns = columns;
    this.files = files;
  }

  /** What is told of one file from now on. */
  ProgressListener of(Object file, String name) {
    if (columns == 0) {
      return ProgressListener.NONE;
    }
    synchronized (this) {
      names.put(file, name);
    }
    return progress -> update(file, progress);
  }

  private synchronized void update(Object file, Progress progress) {
    if (names.containsKey(file)) {
      if (progress.phase() == Progress.Phase.DONE) {
        running.remove(file);
        over.add(file);
      } else {
        running.put(file, progress);
      }
      if (System.nanoTime() - lastDraw > REDRAW_NANOS) {
        draw();
      }
    }
  }

  /** A file has ended; something may be printed about it meanwhile, undisturbed. */
  synchronized void ended(Object file, boolean well, Runnable printing) {
    names.remove(file);
    running.remove(file);
    over.add(file);
    failed += well ? 0 : 1;
    erase();
    printing.run();
    if (columns > 0 && !names.isEmpty()) {
      draw();
    }
  }

  private void draw() {
    lastDraw = System.nanoTime();
    erase();
    List<String> lines = new ArrayList<>();
    running.entrySet().stream().limit(MOST_BARS).forEach(one -> lines.add(line(names.get(one.getKey()), one.getValue())));
    if (files > 1) {
      lines.add(Terminal.fitted(over.size() + " of " + files + " files" + (failed > 0 ? ", " + failed + " failed" : ""), columns - 1).stripTrailing());
    }
    err.print(String.join(System.lineSeparator(), lines));
    err.flush();
    drawnLines = lines.size();
  }

  private String line(String name, Progress progress) {
    return ProgressBar.line(columns, Terminal.fitted(name, NAME_COLUMNS), progress.fraction(), progress.phase().name().toLowerCase(Locale.ROOT));
  }

  // The cursor stands behind the last line.
  private void erase() {
    if (drawnLines > 0) {
      err.print(ERASE_LINE + (UP + ERASE_LINE).repeat(drawnLines - 1));
      err.flush();
      drawnLines = 0;
    }
  }

  /** Leaves the terminal as it was. */
  @Override
  public synchronized void close() {
    names.clear();
    erase();
  }
}
