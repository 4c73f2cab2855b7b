package io.gpa4j.quality;

import io.gpa4j.CancelledException;
import io.gpa4j.GpaException;
import io.gpa4j.ModelFormatException;
import io.gpa4j.Precision;
import io.gpa4j.Tensor;
import io.gpa4j.quality.Clips.Clip;
import io.gpa4j.quality.ModelQuality.CodecQuality;
import io.gpa4j.quality.ModelQuality.DecoderQuality;
import io.gpa4j.quality.ModelQuality.WordRates;
import io.gpa4j.quality.NetworkComparison.Given;
import io.gpa4j.quality.Sequences.Sequence;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/** Compares models, quantised ones say, with a reference of the same checkpoint. The same files and options give the same figures. */
public final class Quality {
  private final OpenModel reference;
  private final QualityOptions options;
  private final Clips clips;
  private final WordTrial trial;
  private final Steps steps;
  private List<Sequence> sequences;
  private WordRates referenceWords;

  private Quality(OpenModel reference, Clips clips, QualityOptions options, QualityListener listener, int models) {
    this.reference = reference;
    this.clips = clips;
    this.options = options;
    this.trial = new WordTrial(clips, options);
    this.steps = new Steps(listener, prepareSteps() + models * modelSteps());
  }

  /**
   * Compares models.
   *
   * @param models model files; one that cannot be compared is reported with its error
   * @param reference the model file that is right, F32 if there is one
   * @param options what on
   * @param listener hears how it goes on
   * @param onModel takes every model as soon as it is done, those that cannot be compared too
   * @return all models, in the given order
   * @throws io.gpa4j.GpaIoException if the reference or a clip cannot be read
   * @throws io.gpa4j.ModelFormatException if the reference or clips.json is not well-formed
   * @throws io.gpa4j.AudioFormatException if a clip is no audio
   * @throws CancelledException if the thread is interrupted
   */
  public static QualityReport compare(List<Path> models, Path reference, QualityOptions options, QualityListener listener,
      Consumer<ModelQuality> onModel) {
    Objects.requireNonNull(reference, "reference");
    Objects.requireNonNull(options, "options");
    Objects.requireNonNull(listener, "listener");
    Objects.requireNonNull(onModel, "onModel");
    Clips clips = options.clips() == null ? Clips.NONE : Clips.read(options.clips());
    try (OpenModel open = OpenModel.open(reference, Precision.EXACT, options.threads())) {
      Quality quality = new Quality(open, clips, options, listener, models.size());
      quality.prepare();
      List<ModelQuality> results = new ArrayList<>();
      for (Path model : models) {
        ModelQuality result = quality.tryModel(model);
        quality.steps.reach(quality.prepareSteps() + (results.size() + 1) * quality.modelSteps(), model.toString());
        results.add(result);
        onModel.accept(result);
      }
      return new QualityReport(reference, open.type(), open.bytes(), options, clips.all().size(), quality.referenceWords, results);
    }
  }

  private long prepareSteps() {
    return clips.all().size() + trial.steps();
  }

  private long modelSteps() {
    return 1 + Math.max(1, clips.all().size()) + Sequences.most(clips) + trial.steps();
  }

  // What the reference does is the same for all models.
  private void prepare() {
    sequences = new Sequences(reference, options.sampling(reference.gpa())).of(clips, steps);
    referenceWords = words(reference);
    steps.reach(prepareSteps(), reference.name());
  }

  private WordRates words(OpenModel model) {
    return trial.isFor(model) ? trial.run(model, reference.gpa(), steps) : WordRates.NONE;
  }

  private ModelQuality tryModel(Path model) {
    try (OpenModel open = OpenModel.open(model, options.precision(), options.threads())) {
      return compare(open);
    } catch (CancelledException e) {
      throw e;
    } catch (GpaException e) {
      return ModelQuality.failed(model, options.precision(), e);
    } catch (IllegalArgumentException e) {
      // Its tensors are as large, but its metadata say something else of them.
      return ModelQuality.failed(model, options.precision(), new ModelFormatException(model + ": " + e.getMessage(), e));
    }
  }

  private ModelQuality compare(OpenModel model) {
    WeightComparison.check(model.store(), reference.store());
    List<ModelQuality.WeightQuality> weights = WeightComparison.compare(model.store(), reference.store());
    steps.done(model.name() + ": weights");
    NetworkComparison networks = new NetworkComparison(reference.gpa().networks(), model.gpa().networks());
    IdCount ids = new IdCount(model.gpa().networks());
    Optional<CodecQuality> codec = audio(model, networks, ids);
    Optional<DecoderQuality> decoder = sequences.isEmpty() ? Optional.empty() : Optional.of(decoder(model, networks));
    return new ModelQuality(model.path(), model.type(), model.bytes(), options.precision(), weights, networks.results(), decoder, codec,
        ids.results(), words(model), null);
  }

  private Optional<CodecQuality> audio(OpenModel model, NetworkComparison networks, IdCount ids) {
    ClipInputs inputs = new ClipInputs(reference);
    Difference wave = new Difference();
    LogMel mel = new LogMel();
    for (Clip clip : clips.all().isEmpty() ? List.of(new Clip("ids", null, null, null)) : clips.all()) {
      Given given = new Given();
      given.reference().putAll(clip.file() == null ? inputs.withoutClip() : inputs.of(clip));
      for (Network network : Network.values()) {
        if (reference.holds(network.part())) {
          networks.run(network, given, (got, want) -> {
            if (network == Network.BICODEC_DECODER) {
              wave.add(got, want);
              mel.add(got, want);
            }
          });
        }
      }
      ids.add(given);
      steps.done(model.name() + ": " + clip.name());
    }
    return Double.isNaN(mel.meanDecibels()) ? Optional.empty() : Optional.of(new CodecQuality(wave.snrDecibels(), mel.meanDecibels()));
  }

  private DecoderQuality decoder(OpenModel model, NetworkComparison networks) {
    Divergence answer = new Divergence();
    Divergence all = new Divergence();
    for (Sequence sequence : sequences) {
      int rows = sequence.ids().length;
      Given given = new Given();
      given.reference().putAll(Map.of("prompt", Tensor.of("prompt", sequence.ids()), "all", Tensor.of("all", 1)));
      networks.run(Network.DECODER, given, (got, want) -> {
        // A row speaks of the token behind it, and behind the last one is nothing.
        answer.add(got, want, got.length / rows, sequence.answer() - 1, rows - 1);
        all.add(got, want, got.length / rows, 0, rows - 1);
      });
      steps.done(model.name() + ": " + sequence.name());
    }
    return new DecoderQuality(answer, all);
  }
}
