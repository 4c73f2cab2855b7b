package io.gpa4j.internal;

import io.gpa4j.bindings.global.gpa;
import io.gpa4j.bindings.gpa_error;
import io.gpa4j.bindings.gpa_tensor;
import io.gpa4j.bindings.gpa_trace_fn;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;

/** Runs one network on given inputs and hands on what it computes. */
public final class NetworkRun {
  /** A matrix given to a network: floats or ints, the other null. */
  public record Input(String name, long rows, long cols, float[] floats, int[] ints) {}

  /** A matrix that a network computed, readable inside the call only. */
  public final class Output {
    private final gpa_tensor tensor;

    private Output(gpa_tensor tensor) {
      this.tensor = tensor;
    }

    private gpa_tensor open() {
      if (current != this) {
        throw new IllegalStateException("a network's result is valid only inside the call that hands it out; copy it there");
      }
      return tensor;
    }

    /** Its name. */
    public String name() {
      return Native.string(open().name());
    }

    /** Whether it holds ints. */
    public boolean isInts() {
      return open().type() == gpa.GPA_I32;
    }

    /** Its rows. */
    public long rows() {
      return open().rows();
    }

    /** Its columns. */
    public long cols() {
      return open().cols();
    }

    /** A copy of float content. */
    public float[] floats() {
      float[] copy = new float[size()];
      if (copy.length > 0) {
        new FloatPointer(open().data()).get(copy);
      }
      return copy;
    }

    /** A copy of int content. */
    public int[] ints() {
      int[] copy = new int[size()];
      if (copy.length > 0) {
        new IntPointer(open().data()).get(copy);
      }
      return copy;
    }

    private int size() {
      return Math.toIntExact(Math.multiplyExact(rows(), cols()));
    }
  }

  /** Receives results in order; false stops the run. */
  public interface Listener {
    /** Takes one. */
    boolean accept(Output output);
  }

  private static final Map<Long, NetworkRun> RUNNING = new ConcurrentHashMap<>();
  private static final AtomicLong NEXT_ID = new AtomicLong(1);
  private static final gpa_trace_fn TRACE = new TraceCallback();

  private final Listener listener;
  private Output current;
  private Throwable thrown;

  private NetworkRun(Listener listener) {
    this.listener = listener;
  }

  /** Runs it on this thread. What the listener throws stops the run and comes out of here. */
  public static void run(NativeEngine engine, String network, List<Input> inputs, Listener listener) {
    engine.call(handle -> {
      NetworkRun run = new NetworkRun(listener);
      long id = NEXT_ID.getAndIncrement();
      RUNNING.put(id, run);
      List<Pointer> owned = new ArrayList<>();
      try (gpa_error error = new gpa_error(); gpa_tensor tensors = new gpa_tensor(Math.max(1, inputs.size()))) {
        for (int i = 0; i < inputs.size(); i++) {
          fill(tensors.getPointer(i), inputs.get(i), owned);
        }
        int status = gpa.gpa_network_run(handle, network, tensors, inputs.size(), TRACE, new UserId(id), error);
        run.rethrow();
        Native.check(status, error);
        return null;
      } finally {
        RUNNING.remove(id);
        owned.forEach(Pointer::close);
      }
    });
  }

  private static void fill(gpa_tensor tensor, Input input, List<Pointer> owned) {
    BytePointer name = new BytePointer(input.name(), StandardCharsets.UTF_8);
    owned.add(name);
    Pointer data;
    if (input.floats() != null) {
      data = new FloatPointer(Math.max(1, input.floats().length)).put(input.floats());
    } else {
      data = new IntPointer(Math.max(1, input.ints().length)).put(input.ints());
    }
    owned.add(data);
    tensor.name(name).type(input.floats() != null ? gpa.GPA_F32 : gpa.GPA_I32)
        .rows(input.rows()).cols(input.cols()).data(data);
  }

  private void rethrow() {
    if (thrown instanceof RuntimeException e) {
      throw e;
    }
    if (thrown instanceof Error e) {
      throw e;
    }
  }

  private int take(gpa_tensor tensor) {
    if (thrown != null) {
      return 1;
    }
    try {
      current = new Output(tensor);
      return listener.accept(current) ? 0 : 1;
    } catch (Throwable t) {
      thrown = t;
      return 1;
    } finally {
      current = null;
    }
  }

  /** Carries an id where C has a pointer for the caller's use. */
  private static final class UserId extends Pointer {
    UserId(long id) {
      address = id;
    }
  }

  private static final class TraceCallback extends gpa_trace_fn {
    @Override
    public int call(Pointer user, gpa_tensor tensor) {
      // Nothing may be thrown into native frames.
      try {
        NetworkRun run = RUNNING.get(user.address());
        return run == null ? 1 : run.take(tensor);
      } catch (Throwable t) {
        return 1;
      }
    }
  }
}
