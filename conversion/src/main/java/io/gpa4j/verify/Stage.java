package io.gpa4j.verify;

import io.gpa4j.quality.Difference;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Gathers what a stage's outputs differ by. Not thread-safe. */
final class Stage {
  private final String name;
  private final String input;
  private final VerifyOptions options;
  private final List<TensorResult> tensors = new ArrayList<>();
  private final Set<String> notes = new LinkedHashSet<>();
  private double snr = Double.NaN;
  private double probabilityError = Double.NaN;
  private long compared;
  private long differing;
  private long firm;
  private long generated;
  private boolean broken;

  Stage(String name, String input, VerifyOptions options) {
    this.name = name;
    this.input = input;
    this.options = options;
  }

  boolean isEmpty() {
    return tensors.isEmpty() && compared == 0 && generated == 0 && !broken && Double.isNaN(probabilityError);
  }

  /** Notes something that fails the stage. */
  void fail(String note) {
    broken = true;
    notes.add(note);
  }

  void tensor(String label, float[] got, float[] want) {
    if (got.length != want.length) {
      tensors.add(new TensorResult(label, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY));
      fail(label + " has " + got.length + " elements, expected " + want.length);
      return;
    }
    Difference difference = new Difference();
    difference.add(got, want);
    tensors.add(new TensorResult(label, difference.nmse(), difference.maxError()));
  }

  /** A waveform: a tensor with an SNR. */
  void waveform(String label, float[] got, float[] want) {
    tensor(label, got, want);
    double ratio = -10 * Math.log10(tensors.get(tensors.size() - 1).nmse());
    snr = Double.isNaN(snr) ? ratio : Math.min(snr, ratio);
  }

  /** Probabilities, whose largest absolute error counts. */
  void probabilities(String label, float[] got, float[] want) {
    tensor(label, got, want);
    double error = tensors.get(tensors.size() - 1).maxError();
    probabilityError = Double.isNaN(probabilityError) ? error : Math.max(probabilityError, error);
  }

  /** Ids with the reference's margins; null: every choice is firm. */
  void ids(String label, int[] got, int[] want, float[] margins, double firmAbove) {
    if (got.length != want.length) {
      fail(label + ": " + got.length + " ids, expected " + want.length);
    }
    for (int i = 0; i < Math.min(got.length, want.length); i++) {
      compared++;
      if (got[i] != want[i]) {
        differ(label, i, margins, firmAbove);
      }
    }
  }

  /** An answer: what comes after its first difference had another prompt, and is not compared. */
  void answer(String label, int[] got, int[] want, float[] margins, double firmAbove) {
    for (int i = 0; i < want.length; i++) {
      generated++;
      if (i >= got.length || got[i] != want[i]) {
        differ(label, i, margins, firmAbove);
        return;
      }
    }
  }

  private void differ(String label, int index, float[] margins, double firmAbove) {
    differing++;
    boolean isFirm = margins == null || index >= margins.length || margins[index] > firmAbove * options.marginScale();
    if (isFirm) {
      firm++;
      if (notes.size() < 3) {
        notes.add(label + " differs at " + index + (margins == null || index >= margins.length ? "" : " (margin " + margins[index] + ")"));
      }
    }
  }

  StageResult result() {
    TensorResult worst = null;
    double largest = Double.NaN;
    for (TensorResult tensor : tensors) {
      worst = worst == null || tensor.nmse() > worst.nmse() ? tensor : worst;
      largest = Double.isNaN(largest) ? tensor.maxError() : Math.max(largest, tensor.maxError());
    }
    boolean near = Double.isNaN(probabilityError) ? worst == null || worst.nmse() <= options.nmse() : probabilityError <= options.probability();
    boolean clear = Double.isNaN(snr) || snr >= options.snrDecibels();
    return new StageResult(name, input, worst == null ? Double.NaN : worst.nmse(), worst == null ? null : worst.name(), largest, snr, compared,
        differing, firm, generated, !broken && near && clear && firm == 0, String.join("; ", notes), List.copyOf(tensors));
  }
}
