package io.gpa4j.quality;

import io.gpa4j.quality.ModelQuality.NetworkQuality;
import io.gpa4j.quality.ModelQuality.StageQuality;
import io.gpa4j.quality.ModelQuality.WordRates;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** A report as JSON: every tensor and every stage. What was not measured is null. */
final class QualityJson {
  private QualityJson() {}

  static String of(QualityReport report) {
    QualityOptions options = report.options();
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("reference", map("file", report.reference().toString(), "type", report.type(), "bytes", report.bytes(), "words", words(report.words())));
    root.put("clips", options.clips() == null ? null : options.clips().toString());
    root.put("clip_count", report.clips());
    root.put("seeds", options.seeds());
    root.put("repetition_penalty", options.repetitionPenalty() == 0 ? null : options.repetitionPenalty());
    root.put("models", report.models().stream().map(QualityJson::model).toList());
    return Figures.json(root);
  }

  private static Map<String, Object> model(ModelQuality model) {
    if (model.error() != null) {
      return map("file", model.model().toString(), "error", model.error().getMessage());
    }
    Map<String, Object> map = map("file", model.model().toString(), "type", model.type(), "bytes", model.bytes(),
        "precision", model.precision().name().toLowerCase(Locale.ROOT));
    map.put("decoder", model.decoder()
        .map(decoder -> map("answer", divergence(decoder.answer()), "all", divergence(decoder.all()))).orElse(null));
    map.put("codec", model.codec()
        .map(codec -> map("snr_db", Figures.number(codec.snrDecibels()), "log_mel_db", Figures.number(codec.logMelDecibels()))).orElse(null));
    map.put("ids", model.ids().stream()
        .map(ids -> map("tokenizer", ids.tokenizer(), "compared", ids.compared(), "differing", ids.differing())).toList());
    map.put("words", words(model.words()));
    map.put("networks", model.networks().stream().map(QualityJson::network).toList());
    map.put("tensors", model.weights().stream().map(weight -> map("name", weight.name(), "type", weight.type().name(),
        "elements", weight.elements(), "relative_rmse", Figures.number(weight.relativeRmse()),
        "max_error", Figures.number(weight.maxError()))).toList());
    return map;
  }

  private static Map<String, Object> divergence(Divergence divergence) {
    return map("rows", divergence.rows(), "kl_nats", Figures.number(divergence.meanNats()), "top1_percent", Figures.number(divergence.topPercent()));
  }

  private static Map<String, Object> network(NetworkQuality network) {
    Map<String, Object> map = map("name", network.name(), "result", stage(network.result()));
    map.put("worst", network.worst().map(StageQuality::name).orElse(null));
    map.put("stages", network.stages().stream().map(QualityJson::stage).toList());
    return map;
  }

  private static Map<String, Object> stage(StageQuality stage) {
    return map("name", stage.name(), "cosine", Figures.number(stage.cosine()), "snr_db", Figures.number(stage.snrDecibels()));
  }

  private static Map<String, Object> words(WordRates words) {
    return map("recognition", errors(words.recognition()), "speech", errors(words.speech()), "conversion", errors(words.conversion()));
  }

  private static Map<String, Object> errors(WordErrors errors) {
    return map("words", errors.words(), "errors", errors.errors(), "percent", Figures.number(errors.percent()),
        "standard_error", Figures.number(errors.standardErrorPercent()));
  }

  // Keys and values in turn.
  private static Map<String, Object> map(Object... entries) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < entries.length; i += 2) {
      map.put((String) entries[i], entries[i + 1]);
    }
    return map;
  }
}
