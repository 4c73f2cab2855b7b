package io.gpa4j;

import java.util.Objects;

/**
 * A named matrix of floats or ints, row-major, as the networks take and give it. Immutable.
 *
 * <pre>{@code
 * Tensor matrix = Tensor.of("w", 2, 3, new float[] {1, 2, 3, 4, 5, 6});
 * float last = matrix.floats()[5];
 * }</pre>
 */
public final class Tensor {
  private final String name;
  private final long rows;
  private final long cols;
  private final float[] floats;
  private final int[] ints;

  private Tensor(String name, long rows, long cols, float[] floats, int[] ints) {
    this.name = Objects.requireNonNull(name, "name");
    int length = floats == null ? ints.length : floats.length;
    if (rows < 0 || cols < 0 || Math.multiplyExact(rows, cols) != length) {
      throw new IllegalArgumentException(name + ": " + rows + " x " + cols + " does not fit " + length + " elements");
    }
    this.rows = rows;
    this.cols = cols;
    this.floats = floats;
    this.ints = ints;
  }

  /**
   * A vector of floats.
   *
   * @param name its name
   * @param data its elements, copied
   * @return a tensor [n, 1]
   */
  public static Tensor of(String name, float... data) {
    return of(name, data.length, 1, data);
  }

  /**
   * A matrix of floats.
   *
   * @param name its name
   * @param rows its rows
   * @param cols its columns
   * @param data rows * cols elements, copied
   * @return the tensor
   */
  public static Tensor of(String name, long rows, long cols, float[] data) {
    return new Tensor(name, rows, cols, data.clone(), null);
  }

  /**
   * A vector of ints.
   *
   * @param name its name
   * @param data its elements, copied
   * @return a tensor [n, 1]
   */
  public static Tensor of(String name, int... data) {
    return of(name, data.length, 1, data);
  }

  /**
   * A matrix of ints.
   *
   * @param name its name
   * @param rows its rows
   * @param cols its columns
   * @param data rows * cols elements, copied
   * @return the tensor
   */
  public static Tensor of(String name, long rows, long cols, int[] data) {
    return new Tensor(name, rows, cols, null, data.clone());
  }

  /** Takes an array over without a copy. */
  static Tensor owning(String name, long rows, long cols, float[] floats, int[] ints) {
    return new Tensor(name, rows, cols, floats, ints);
  }

  /**
   * Its name, as docs/networks.md lists them.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  /**
   * Its rows.
   *
   * @return 0 or more
   */
  public long rows() {
    return rows;
  }

  /**
   * Its columns.
   *
   * @return 0 or more
   */
  public long cols() {
    return cols;
  }

  /**
   * Whether it holds ints.
   *
   * @return false: floats
   */
  public boolean isInts() {
    return ints != null;
  }

  /**
   * Its elements as floats.
   *
   * @return a copy
   * @throws IllegalStateException if it holds ints
   */
  public float[] floats() {
    return elements(floats, "ints").clone();
  }

  /**
   * Its elements as ints.
   *
   * @return a copy
   * @throws IllegalStateException if it holds floats
   */
  public int[] ints() {
    return elements(ints, "floats").clone();
  }

  float[] rawFloats() {
    return floats;
  }

  int[] rawInts() {
    return ints;
  }

  private <T> T elements(T wanted, String other) {
    if (wanted == null) {
      throw new IllegalStateException(name + " holds " + other);
    }
    return wanted;
  }

  /** Name, kind and shape. */
  @Override
  public String toString() {
    return name + (ints != null ? " i32 [" : " f32 [") + rows + ", " + cols + "]";
  }
}
