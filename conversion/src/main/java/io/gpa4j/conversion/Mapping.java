package io.gpa4j.conversion;

import java.util.List;

/**
 * A row of a plan: which tensors of the source make which tensor of the file to be written, and how. Its type is the recipe's matter.
 *
 * @param sources names in the source, as they stand there
 * @param target name in the file
 * @param shape in the file, outermost first
 * @param transform how it is made
 */
record Mapping(List<String> sources, String target, List<Long> shape, Transform transform) {}
