package io.gpa4j.conversion;

import java.util.List;

/**
 * A row of the mapping: which tensors of the checkpoint make which tensor of the model file, and how.
 *
 * @param sources names in the checkpoint, as they stand there
 * @param target name in the model file
 * @param shape in the model file, outermost first
 * @param weight whether it takes the type that the conversion asks for (W in docs/model-file.md); otherwise F32
 * @param transform how it is made
 */
record Mapping(List<String> sources, String target, List<Long> shape, boolean weight, Transform transform) {}
