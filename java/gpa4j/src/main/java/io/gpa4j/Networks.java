package io.gpa4j;

import io.gpa4j.internal.NativeEngine;
import io.gpa4j.internal.NetworkRun;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The single networks of a model, for verification, benchmarks and tools: named matrices in, every intermediate and final
 * result out. docs/networks.md and {@code gpa.h} list networks, inputs and results. Thread-safe; a run computes on the
 * calling thread and the engine's threads, and {@link Gpa#close()} waits for it.
 *
 * <pre>{@code
 * float[] second = new float[16_000];
 * for (Tensor result : gpa.networks().run("glm_mel", Tensor.of("wav", second))) {
 *   System.out.println(result.name() + ": " + result.rows() + " x " + result.cols());
 * }
 * }</pre>
 */
public final class Networks {
  /** Receives a network's results one after the other. */
  public interface Listener {
    /**
     * Takes one.
     *
     * @param result readable inside this call only
     * @return false to stop the run, which then ends with {@link CancelledException}
     */
    boolean accept(Result result);
  }

  /** A result as it comes, readable only inside the call that hands it out: what is wanted later is copied. */
  public static final class Result {
    private final NetworkRun.Output output;

    private Result(NetworkRun.Output output) {
      this.output = output;
    }

    /**
     * Its name.
     *
     * @return the name
     * @throws IllegalStateException after the call that handed it out
     */
    public String name() {
      return output.name();
    }

    /**
     * Its rows.
     *
     * @return 0 or more
     * @throws IllegalStateException after the call that handed it out
     */
    public long rows() {
      return output.rows();
    }

    /**
     * Its columns.
     *
     * @return 0 or more
     * @throws IllegalStateException after the call that handed it out
     */
    public long cols() {
      return output.cols();
    }

    /**
     * Its elements as floats.
     *
     * @return a copy that stays, row-major
     * @throws IllegalStateException if it holds ints, or after the call that handed it out
     */
    public float[] floats() {
      if (output.isInts()) {
        throw new IllegalStateException(name() + " holds ints");
      }
      return output.floats();
    }

    /**
     * A copy that stays.
     *
     * @return name, shape and elements
     * @throws IllegalStateException after the call that handed it out
     */
    public Tensor copy() {
      boolean isInts = output.isInts();
      return Tensor.owning(name(), rows(), cols(), isInts ? null : output.floats(), isInts ? output.ints() : null);
    }
  }

  private final NativeEngine engine;

  Networks(NativeEngine engine) {
    this.engine = engine;
  }

  /**
   * Runs a network and keeps all that it computes.
   *
   * @param network e.g. "glm_mel", "wav2vec2", "bicodec_decoder", "decoder"
   * @param inputs by name, in any order
   * @return copies of all results in the order in which they came
   * @throws IllegalArgumentException if the network is unknown or an input is missing or misshapen
   * @throws UnsupportedModelException if the model does not hold the network
   * @throws AudioFormatException if audio is too short for it
   * @throws IllegalStateException after close
   */
  public List<Tensor> run(String network, Tensor... inputs) {
    List<Tensor> results = new ArrayList<>();
    run(network, List.of(inputs), result -> results.add(result.copy()));
    return results;
  }

  /**
   * Runs a network and hands what it computes to a listener, on this thread. What the listener throws ends the run and comes
   * out of here.
   *
   * @param network e.g. "glm_mel", "wav2vec2", "bicodec_decoder", "decoder"
   * @param inputs by name, in any order
   * @param listener takes results in order; it must not close the engine
   * @throws IllegalArgumentException if the network is unknown or an input is missing or misshapen
   * @throws UnsupportedModelException if the model does not hold the network
   * @throws AudioFormatException if audio is too short for it
   * @throws CancelledException if the listener returned false
   * @throws IllegalStateException after close
   */
  public void run(String network, List<Tensor> inputs, Listener listener) {
    Objects.requireNonNull(network, "network");
    Objects.requireNonNull(listener, "listener");
    List<NetworkRun.Input> matrices = new ArrayList<>();
    for (Tensor input : inputs) {
      matrices.add(new NetworkRun.Input(input.name(), input.rows(), input.cols(), input.rawFloats(), input.rawInts()));
    }
    NetworkRun.run(engine, network, matrices, output -> listener.accept(new Result(output)));
  }
}
