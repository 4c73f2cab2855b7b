package io.gpa4j.conversion;

import java.nio.file.Path;
import java.util.List;

/**
 * What a conversion did.
 *
 * @param file the model file
 * @param bytes its size
 * @param networks the networks that it holds
 * @param tensors number of tensors written
 * @param dropped number of tensors of the checkpoint that only training needs
 * @param unknown tensors of the checkpoint that are neither needed nor known, "file: name"
 */
public record ConversionReport(Path file, long bytes, List<String> networks, int tensors, int dropped, List<String> unknown) {}
