package io.gpa4j.conversion;

import io.gpa4j.CancelledException;
import io.gpa4j.GpaIoException;
import io.gpa4j.ModelFormatException;
import io.gpa4j.gguf.GgufTensor;
import io.gpa4j.gguf.GgufWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;

/** Runs the transforms of a plan on some threads: blocks are handed out in order, one at a time, and written where they belong. */
final class TensorPump {
  private final List<Mapping> mappings;
  private final List<GgufTensor> tensors;
  private final Importance importance;
  private final GgufWriter writer;
  private final ConversionListener listener;
  private final AtomicLong[] left;
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private int nextTensor;
  private long nextBlock;
  private volatile boolean stopped;

  private record Task(int tensor, long block) {}

  // What workers tell the thread that converts: a tensor is done, a worker has ended, or something was thrown.
  private record Event(int tensor, Throwable thrown) {
    static final int ENDED = -1;
  }

  TensorPump(List<Mapping> mappings, List<GgufTensor> tensors, Importance importance, GgufWriter writer, ConversionListener listener) {
    this.mappings = mappings;
    this.tensors = tensors;
    this.importance = importance;
    this.writer = writer;
    this.listener = listener;
    this.left = mappings.stream().map(row -> new AtomicLong(row.transform().blocks())).toArray(AtomicLong[]::new);
  }

  void run(int threads) {
    listener.started(tensors.size(), tensors.stream().mapToLong(GgufTensor::bytes).sum());
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      Thread worker = new Thread(this::work, "gpa-convert-" + i);
      worker.setDaemon(true);
      worker.start();
      workers.add(worker);
    }
    Throwable thrown = null;
    try {
      thrown = follow(threads);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      thrown = new CancelledException("the conversion was interrupted");
    } finally {
      stopped = true;
      join(workers);
    }
    if (thrown instanceof OutOfMemoryError) {
      throw new GpaIoException("too little memory: give Java more (-Xmx), or convert with fewer threads", thrown);
    }
    if (thrown instanceof Error error) {
      throw error;
    }
    if (thrown instanceof RuntimeException exception) {
      throw exception;
    }
  }

  private Throwable follow(int threads) throws InterruptedException {
    Throwable thrown = null;
    int running = threads;
    int done = 0;
    long bytes = 0;
    while (running > 0) {
      Event event = events.take();
      if (event.thrown != null && thrown == null) {
        thrown = event.thrown;
        stopped = true;
      }
      if (event.tensor == Event.ENDED) {
        running--;
      } else if (thrown == null) {
        GgufTensor tensor = tensors.get(event.tensor);
        bytes += tensor.bytes();
        listener.advanced(tensor.name(), ++done, bytes);
      }
    }
    return thrown;
  }

  private static void join(List<Thread> workers) {
    boolean interrupted = Thread.interrupted();
    for (Thread worker : workers) {
      while (worker.isAlive()) {
        try {
          worker.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void work() {
    try {
      Encoder encoder = new Encoder();
      for (Task task = next(); task != null; task = next()) {
        int tensor = task.tensor;
        mappings.get(tensor).transform().run(task.block, new Sink(tensor, encoder));
        if (left[tensor].decrementAndGet() == 0) {
          events.add(new Event(tensor, null));
        }
      }
      events.add(new Event(Event.ENDED, null));
    } catch (Throwable t) {
      events.add(new Event(Event.ENDED, t));
    }
  }

  // Norms are taken under the lock: no other thread may begin the tensor before.
  private synchronized Task next() {
    while (!stopped && nextTensor < mappings.size()) {
      Transform transform = mappings.get(nextTensor).transform();
      if (nextBlock == 0) {
        transform.prepare();
      }
      if (nextBlock < transform.blocks()) {
        return new Task(nextTensor, nextBlock++);
      }
      nextTensor++;
      nextBlock = 0;
    }
    return null;
  }

  private final class Sink implements TensorSink {
    private final int index;
    private final GgufTensor tensor;
    private final Encoder encoder;

    Sink(int index, Encoder encoder) {
      this.index = index;
      this.tensor = tensors.get(index);
      this.encoder = encoder;
    }

    @Override
    public void write(long first, float[] values, int count) {
      ByteBuffer weights = importance == null || !tensor.type().isQuantized() ? null : importance.of(tensor.name(), tensor.row());
      int bad = encoder.encode(tensor, weights, first, values, count, (offset, bytes) -> writer.write(index, offset, bytes));
      if (bad >= 0) {
        throw new ModelFormatException(String.join(", ", mappings.get(index).sources()) + " (" + tensor.name() + "): the value " + values[bad]
            + " at element " + (first + bad) + " does not fit " + tensor.type() + "; use --type bf16 or f32, or --tensor '" + tensor.name()
            + "=bf16'");
      }
    }

    @Override
    public void copy(long offset, ByteBuffer bytes) {
      writer.write(index, offset, bytes);
    }
  }
}
