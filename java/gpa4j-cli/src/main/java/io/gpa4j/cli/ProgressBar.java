package io.gpa4j.cli;

import java.io.PrintWriter;
import java.util.Locale;

/** How far a long job is: a bar on a terminal, otherwise a line for every tenth of it. Goes to standard error. */
final class ProgressBar implements AutoCloseable {
  private static final int WIDTH = 30;
  private static final long REDRAW_NANOS = 50_000_000;

  private final PrintWriter err;
  private final int columns;
  private final String job;
  private int lastTenth = -1;
  private long lastDraw;
  private boolean drawn;

  ProgressBar(PrintWriter err, String job) {
    this.err = err;
    this.job = job;
    this.columns = Terminal.columns();
  }

  /** Says that done of total units are over, and what comes now. */
  synchronized void update(long done, long total, String what) {
    double share = total <= 0 ? 1 : Math.min(1, (double) done / total);
    if (columns > 0) {
      bar(share, what);
    } else if ((int) (share * 10) > lastTenth) {
      lastTenth = (int) (share * 10);
      err.printf(Locale.ROOT, "%s: %d %%%n", job, lastTenth * 10);
      err.flush();
    }
  }

  private void bar(double share, String what) {
    long now = System.nanoTime();
    if (drawn && share < 1 && now - lastDraw < REDRAW_NANOS) {
      return;
    }
    lastDraw = now;
    drawn = true;
    err.print("\r" + line(columns, job, share, what));
    err.flush();
  }

  /** A bar that fills a line but for its last column, where terminals differ. */
  static String line(int columns, String job, double share, String what) {
    int full = (int) (share * WIDTH);
    return Terminal.fitted(String.format(Locale.ROOT, "%s [%s%s] %3.0f %% %s", job, "#".repeat(full), " ".repeat(WIDTH - full), Math.floor(share * 100), what),
        columns - 1);
  }

  /** Says something on a line of its own. */
  synchronized void say(String line) {
    endBar();
    err.println(line);
    err.flush();
  }

  /** Ends the bar's line. */
  @Override
  public synchronized void close() {
    endBar();
  }

  private void endBar() {
    if (drawn) {
      err.println();
      err.flush();
      drawn = false;
    }
  }
}
