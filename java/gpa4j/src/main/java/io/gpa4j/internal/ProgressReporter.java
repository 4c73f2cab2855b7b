package io.gpa4j.internal;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Tells the listeners of running jobs how far these are, now and then, on a thread that lives while there are any. */
public final class ProgressReporter {
  private static final long TICK_MILLIS = 50;
  // How long the thread waits for another job before it ends.
  private static final long IDLE_MILLIS = 1000;

  // Under this object's lock.
  private final Set<JobProgress> jobs = new LinkedHashSet<>();
  private Thread thread;

  synchronized void watch(JobProgress job) {
    jobs.add(job);
    if (thread == null) {
      thread = new Thread(this::work, "gpa-progress");
      thread.setDaemon(true);
      thread.start();
    }
    notifyAll();
  }

  synchronized void forget(JobProgress job) {
    jobs.remove(job);
  }

  private void work() {
    for (List<JobProgress> running; !(running = running()).isEmpty(); ) {
      running.forEach(JobProgress::tick);
      try {
        Thread.sleep(TICK_MILLIS);
      } catch (InterruptedException e) {
        // By a listener: this thread goes on.
      }
    }
  }

  private synchronized List<JobProgress> running() {
    if (jobs.isEmpty()) {
      try {
        wait(IDLE_MILLIS);
      } catch (InterruptedException e) {
        // By a listener, as above.
      }
    }
    if (jobs.isEmpty()) {
      thread = null;
    }
    return List.copyOf(jobs);
  }
}
