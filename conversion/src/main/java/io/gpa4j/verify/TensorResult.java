package io.gpa4j.verify;

/**
 * How a tensor compares.
 *
 * @param name golden file and tensor, "short: glm_mel"
 * @param nmse normalised mean square error; infinite where shapes differ
 * @param maxError largest absolute error
 */
public record TensorResult(String name, double nmse, double maxError) {}
