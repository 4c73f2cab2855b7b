package io.gpa4j.conversion;

/**
 * How a tensor of the model file is made from tensors of the checkpoint: blocks, each of bounded size, in any order and at once.
 * {@link #prepare()} comes before the first block, on one thread.
 */
interface Transform {
  /** Elements that a block may hold in memory, give or take a row. */
  int BLOCK_ELEMENTS = 1 << 18;

  /** Reads what all blocks need, norms for example. */
  default void prepare() {}

  /** Number of blocks. */
  long blocks();

  /** Makes the index-th block. */
  void run(long block, TensorSink sink);
}
