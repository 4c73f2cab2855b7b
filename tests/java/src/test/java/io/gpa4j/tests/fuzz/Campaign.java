package io.gpa4j.tests.fuzz;

import com.sun.management.ThreadMXBean;
import io.gpa4j.GpaException;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Feeds a reader with changed inputs. It passes when every input is read or refused by a {@link GpaException}, soon and with little memory;
 * anything else is a finding, whose input is kept. Inputs that take the reader to a place where none before came are changed further.
 */
final class Campaign {
  private static final int RETRIES = 3;
  // Beyond what Java's own heap can grow by.
  private static final long MAX_PROCESS_BYTES = 160L << 20;
  private static final int MAX_SOURCES = 4000;
  private static final int MAX_MESSAGE = 2001;
  private static final int PLACE_LETTERS = 40;
  private static final int HANG_SECONDS = 60;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Where to stop: at so many executions, or after so many seconds; 0 is no limit. */
  record Budget(long executions, long seconds) {}

  /** What came out; the slowest is of inputs that passed. */
  record Result(String target, long executions, long read, int places, double slowestMillis, long mostBytes, double seconds, List<String> findings) {
    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%-12s %,11d executions in %,.0f s: %,d read, the others refused at %d places; slowest %.1f ms, most %,d KiB; %d findings",
          target, executions, seconds, read, places, slowestMillis, mostBytes >> 10, findings.size());
    }
  }

  private final Target target;
  private final Path findingsFolder;
  private final PrintStream log;
  private final Set<Integer> places = new HashSet<>();
  private final List<String> findings = new java.util.ArrayList<>();
  private final Set<String> kinds = new HashSet<>();
  private long read;
  private double slowest;
  private byte[] slowestInput;
  private long most;
  private volatile byte[] current;
  private volatile long begun;

  Campaign(Target target, Path findingsFolder, PrintStream log) {
    this.target = target;
    this.findingsFolder = findingsFolder;
    this.log = log;
  }

  /** Runs it; the same seed and number of executions do the same. */
  Result run(Budget budget, long seed) {
    Thread watchdog = new Thread(this::watch, "fuzz-watchdog");
    watchdog.setDaemon(true);
    watchdog.start();
    List<byte[]> seeds = target.seeds();
    Mutator mutator = new Mutator(seeds, target.words(), seed);
    long start = System.nanoTime();
    long done = 0;
    seeds.forEach(this::warmUp);
    while (budget.executions == 0 || done < budget.executions) {
      if (budget.seconds > 0 && System.nanoTime() - start > budget.seconds * 1_000_000_000L) {
        break;
      }
      byte[] input = done < seeds.size() ? seeds.get((int) done) : done % 4 == 0 ? mutator.next() : target.repaired(mutator.next());
      if (execute(input) && mutator.sources() < MAX_SOURCES) {
        mutator.keep(input);
      }
      done++;
    }
    begun = 0;
    watchdog.interrupt();
    if (slowest > Target.MAX_MILLIS / 2.0) {
      log.printf(Locale.ROOT, "%s: an input of %.1f ms in %s%n", target.name(), slowest, keep("slowest", slowestInput));
    }
    return new Result(target.name(), done, read, places.size(), slowest, most, (System.nanoTime() - start) / 1e9, findings);
  }

  // Classes load, buffers of threads are made: not the input's doing.
  private void warmUp(byte[] input) {
    try {
      target.read(input);
    } catch (Exception e) {
      // It is executed again.
    }
  }

  /** Whether the input went to a new place. */
  private boolean execute(byte[] input) {
    if (!target.isForeign()) {
      return measured(input);
    }
    PeakMemory.reset();
    long before = PeakMemory.bytes();
    boolean news = measured(input);
    long grown = PeakMemory.bytes() - before;
    if (grown > MAX_PROCESS_BYTES) {
      report("process", input, grown + " bytes more of the whole process for an input of " + input.length, null);
    }
    return news;
  }

  private boolean measured(byte[] input) {
    current = input;
    begun = System.nanoTime();
    long bytesBefore = THREADS.getCurrentThreadAllocatedBytes();
    double millis = 0;
    long allowed = Target.MAX_MILLIS;
    boolean news = false;
    for (int attempt = 0; attempt <= RETRIES; attempt++) {
      long before = THREADS.getCurrentThreadCpuTime();
      Throwable thrown = attempt(input);
      double took = (THREADS.getCurrentThreadCpuTime() - before) / 1e6;
      millis = attempt == 0 ? took : Math.min(millis, took);
      if (attempt == 0) {
        long bytes = THREADS.getCurrentThreadAllocatedBytes() - bytesBefore;
        most = Math.max(most, bytes);
        if (bytes > target.freeBytes() + target.bytesPerByte() * input.length) {
          report("memory", input, bytes + " bytes of heap for an input of " + input.length, thrown);
        }
        news = judge(input, thrown);
        allowed = thrown == null ? target.readMillis() : Target.MAX_MILLIS;
      }
      if (millis <= allowed) {
        if (millis > slowest) {
          slowest = millis;
          slowestInput = input;
        }
        return news;
      }
    }
    report("slow", input, String.format(Locale.ROOT, "%.1f ms", millis), null);
    return news;
  }

  private Throwable attempt(byte[] input) {
    try {
      target.read(input);
      return null;
    } catch (Throwable e) {
      return e;
    }
  }

  private boolean judge(byte[] input, Throwable thrown) {
    if (thrown == null) {
      read++;
      return false;
    }
    if (!(thrown instanceof GpaException)) {
      report("exception", input, "not a GpaException: " + thrown, thrown);
      return false;
    }
    String message = String.valueOf(thrown.getMessage());
    if (!message.contains(target.label())) {
      report("message", input, "the message does not name the file: " + cut(message), thrown);
    } else if (message.length() > MAX_MESSAGE) {
      report("message", input, "a message of " + message.length() + " characters: " + cut(message), thrown);
    } else if (message.chars().anyMatch(Character::isISOControl)) {
      report("message", input, "a message with control characters: " + cut(message), thrown);
    }
    return places.add(place(thrown));
  }

  private static String cut(String text) {
    return text.length() <= 300 ? text : text.substring(0, 300) + "…";
  }

  /** A number for the lines that refused, and for what they said but names and numbers. */
  private int place(Throwable thrown) {
    String message = cut(String.valueOf(thrown.getMessage()));
    String said = message.substring(message.indexOf(target.label()) + 1).replaceAll("'[^']*'|[^a-z ]+", "");
    int hash = said.substring(0, Math.min(said.length(), PLACE_LETTERS)).hashCode();
    for (Throwable e = thrown; e != null; e = e.getCause()) {
      StackTraceElement[] frames = e.getStackTrace();
      for (int i = 0, own = 0; i < frames.length && own < 3 && i < 12; i++) {
        if (frames[i].getLineNumber() > 0) {
          hash = 31 * hash + frames[i].getFileName().hashCode() * 7 + frames[i].getLineNumber();
          own++;
        }
      }
    }
    return hash;
  }

  private void report(String kind, byte[] input, String what, Throwable thrown) {
    String unique = kind + (thrown == null ? "" : place(thrown));
    if (!kinds.add(unique)) {
      return;
    }
    Path file = keep(String.valueOf(findings.size() + 1), input);
    findings.add(target.name() + ": " + what + "; input in " + file);
    log.println("FINDING " + findings.get(findings.size() - 1));
    if (thrown != null) {
      StackTraceElement[] frames = thrown.getStackTrace();
      for (int i = 0; i < Math.min(frames.length, 12); i++) {
        log.println("    at " + frames[i]);
      }
    }
  }

  private Path keep(String suffix, byte[] input) {
    try {
      Files.createDirectories(findingsFolder);
      return Files.write(findingsFolder.resolve(target.name() + "-" + suffix), input);
    } catch (IOException e) {
      log.println("the input cannot be kept: " + e);
      return findingsFolder;
    }
  }

  // A reader that never comes back cannot be interrupted: the process ends with its input on disk. Seconds are counted, not taken from a
  // clock, which goes on while the process is halted.
  private void watch() {
    try {
      long last = 0;
      for (int seconds = 0; ; seconds++) {
        Thread.sleep(1000);
        long since = begun;
        if (since == 0 || since != last) {
          last = since;
          seconds = 0;
        }
        if (seconds == HANG_SECONDS) {
          log.println("FINDING " + target.name() + ": no end after " + HANG_SECONDS + " s; input in " + keep("hang", current));
          Thread.getAllStackTraces().forEach((thread, frames) -> {
            log.println(thread);
            List.of(frames).stream().limit(25).forEach(frame -> log.println("    at " + frame));
          });
          Runtime.getRuntime().halt(3);
        }
      }
    } catch (InterruptedException e) {
      // The campaign is over.
    }
  }
}
