package io.gpa4j.quality;

import io.gpa4j.quality.ModelQuality.CodecQuality;
import io.gpa4j.quality.ModelQuality.DecoderQuality;
import io.gpa4j.quality.ModelQuality.IdFlips;
import io.gpa4j.quality.ModelQuality.WordRates;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How some models compare with a reference.
 *
 * @param reference the file that is right
 * @param type the mix of types that it names
 * @param bytes its size
 * @param options what the models were compared on
 * @param clips how many recordings
 * @param words the reference's own word errors
 * @param models in the order in which they were given
 */
public record QualityReport(Path reference, String type, long bytes, QualityOptions options, int clips, WordRates words,
    List<ModelQuality> models) {
  private static final String ROW = "%-7s %7s %9s %7s %8s %8s  %-18s  %s";
  private static final double MB = 1e6;

  /** Copies the list. */
  public QualityReport {
    models = List.copyOf(models);
  }

  /** Those that could be compared. */
  public List<ModelQuality> compared() {
    return models.stream().filter(model -> model.error() == null).toList();
  }

  /** A line a model, below those of the columns' names and of the reference. */
  public String toTable() {
    int width = Math.max(name(reference).length(), compared().stream().mapToInt(model -> name(model.model()).length()).max().orElse(0));
    String row = "%-" + width + "s  " + ROW;
    List<String> lines = new ArrayList<>();
    lines.add(String.format(Locale.ROOT, row, "", "", "", "decoder", "", "codec", "log-mel", "ids other %", "words wrong %"));
    lines.add(String.format(Locale.ROOT, row, "file", "type", "MB", "KL, nats", "top-1 %", "SNR, dB", "dB", "glm/sem./global",
        "heard/spoken/converted"));
    lines.add(String.format(Locale.ROOT, row, name(reference), type, megabytes(bytes), "", "", "", "", "reference", words(words)));
    for (ModelQuality model : compared()) {
      lines.add(String.format(Locale.ROOT, row, name(model.model()), model.type(), megabytes(model.bytes()),
          model.decoder().map(DecoderQuality::answer).map(answer -> Figures.text("%.4f", answer.meanNats())).orElse("-"),
          model.decoder().map(DecoderQuality::answer).map(answer -> Figures.text("%.1f", answer.topPercent())).orElse("-"),
          model.codec().map(CodecQuality::snrDecibels).map(snr -> Figures.text("%.1f", snr)).orElse("-"),
          model.codec().map(CodecQuality::logMelDecibels).map(mel -> Figures.text("%.2f", mel)).orElse("-"),
          flips(model, "glm") + "/" + flips(model, "semantic") + "/" + flips(model, "global"), words(model.words())));
    }
    return String.join("\n", lines.stream().map(String::stripTrailing).toList());
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName());
  }

  static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f", bytes / MB);
  }

  private static String flips(ModelQuality model, String tokenizer) {
    return model.ids().stream().filter(ids -> ids.tokenizer().equals(tokenizer)).map(IdFlips::percent)
        .map(percent -> Figures.text("%.1f", percent)).findFirst().orElse("-");
  }

  private static String words(WordRates words) {
    return Figures.text("%.1f", words.recognition().percent()) + "/" + Figures.text("%.1f", words.speech().percent()) + "/"
        + Figures.text("%.1f", words.conversion().percent());
  }

  /** All of it as JSON. */
  public String toJson() {
    return QualityJson.of(this);
  }
}
