package io.gpa4j.quality;

import io.gpa4j.ElementType;
import io.gpa4j.GpaException;
import io.gpa4j.Precision;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * How a model compares with the reference. What was not measured, because a network or a recording is not there, is an empty list, an empty
 * {@link Optional} or NaN.
 *
 * @param model its file
 * @param type the mix of types that the file names, as "q4_k_m"
 * @param bytes size of the file
 * @param precision how its audio networks computed
 * @param weights every tensor
 * @param networks every network that could be fed
 * @param decoder its distributions
 * @param codec its waveform
 * @param ids what its tokenizers make of the same audio
 * @param words word error rates
 * @param error why it could not be compared; null if it was, and otherwise nothing else is measured
 */
public record ModelQuality(Path model, String type, long bytes, Precision precision, List<WeightQuality> weights, List<NetworkQuality> networks,
    Optional<DecoderQuality> decoder, Optional<CodecQuality> codec, List<IdFlips> ids, WordRates words, GpaException error) {
  /** Copies the lists. */
  public ModelQuality {
    weights = List.copyOf(weights);
    networks = List.copyOf(networks);
    ids = List.copyOf(ids);
  }

  /** One that could not be compared. */
  static ModelQuality failed(Path model, Precision precision, GpaException error) {
    return new ModelQuality(model, "", 0, precision, List.of(), List.of(), Optional.empty(), Optional.empty(), List.of(), WordRates.NONE, error);
  }

  /** Its figures as a block of text. */
  public String toText() {
    return QualityBlock.of(this);
  }

  /**
   * A weight.
   *
   * @param name of the tensor
   * @param type of its elements
   * @param elements how many
   * @param relativeRmse root of sum (w - reference)^2 / sum reference^2
   * @param maxError largest absolute error
   */
  public record WeightQuality(String name, ElementType type, long elements, double relativeRmse, double maxError) {}

  /**
   * Activations at one place.
   *
   * @param name of the result, as docs/networks.md lists them
   * @param cosine of the angle to the reference's, over all inputs
   * @param snrDecibels the reference's power over the power of what differs
   */
  public record StageQuality(String name, double cosine, double snrDecibels) {}

  /**
   * A network that was fed with the reference's inputs.
   *
   * @param name of the network
   * @param result its final result, before ids are made of it
   * @param stages its other results, in order
   */
  public record NetworkQuality(String name, StageQuality result, List<StageQuality> stages) {
    /** Copies the list. */
    public NetworkQuality {
      stages = List.copyOf(stages);
    }

    /** The stage before the result whose SNR is smallest; empty if it has none. */
    public Optional<StageQuality> worst() {
      return stages.stream().min(Comparator.comparingDouble(StageQuality::snrDecibels));
    }
  }

  /**
   * The next token's distributions along sequences of the reference.
   *
   * @param answer where the reference answered
   * @param all in prompts and answers
   */
  public record DecoderQuality(Divergence answer, Divergence all) {}

  /**
   * What the codec makes of the reference's ids.
   *
   * @param snrDecibels signal to error of the waveform
   * @param logMelDecibels distance as {@link LogMel} defines it
   */
  public record CodecQuality(double snrDecibels, double logMelDecibels) {}

  /**
   * Ids of one tokenizer.
   *
   * @param tokenizer "glm", "semantic" or "global"
   * @param compared how many
   * @param differing how many are others than the reference's
   */
  public record IdFlips(String tokenizer, long compared, long differing) {
    /** Those that differ; NaN if there are none to compare. */
    public double percent() {
      return compared == 0 ? Double.NaN : 100.0 * differing / compared;
    }
  }

  /**
   * Word errors: of what the model heard in the clips, of what the reference heard in the clips' texts as the model spoke them, and in the
   * clips as the model converted them to another voice.
   */
  public record WordRates(WordErrors recognition, WordErrors speech, WordErrors conversion) {
    /** Without any words. */
    static final WordRates NONE = new WordRates(new WordErrors(), new WordErrors(), new WordErrors());
  }
}
