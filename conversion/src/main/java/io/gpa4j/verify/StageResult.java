package io.gpa4j.verify;

import java.util.List;

/**
 * A line of the report: a stage over all clips or prompts.
 *
 * @param stage network or part
 * @param input "golden": fed with what the reference computed before; "own": from the audio on, with what the stages before computed
 * @param nmse largest normalised mean square error of its tensors; NaN where it has none
 * @param worst the tensor of that error, or null
 * @param maxError largest absolute error; NaN where it has no tensors
 * @param snrDecibels smallest SNR of its waveforms; NaN where it has none
 * @param idsCompared ids compared, generated tokens aside
 * @param idsDiffering of them, or of the generated tokens, differing
 * @param idsFirm of these, differing although the reference's choice was firm
 * @param generated tokens of answers compared; after a difference the rest of an answer is not
 * @param passed whether it stays within the options' bounds
 * @param note what went wrong beyond figures, or empty
 * @param tensors every tensor compared
 */
public record StageResult(String stage, String input, double nmse, String worst, double maxError, double snrDecibels, long idsCompared,
    long idsDiffering, long idsFirm, long generated, boolean passed, String note, List<TensorResult> tensors) {}
