package io.gpa4j.conversion;

import io.gpa4j.ModelFormatException;
import io.gpa4j.checkpoint.Checkpoint;
import io.gpa4j.checkpoint.Settings;
import io.gpa4j.gguf.GgufMetadata;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The model card: what the options say, else the front matter of the checkpoint's README.md, else what is known anyway. */
record ModelCard(String name, String license, String source, WeightTypes types) {
  /** Keys that depend on the weights' types. */
  static final String FILE_TYPE = "general.file_type";
  static final String DESCRIPTION = "general.description";

  private static final String UNKNOWN = "unknown";
  private static final String WEIGHTS = ". Weights: ";

  static ModelCard read(Checkpoint checkpoint, ConversionOptions options) {
    String license = options.license();
    if (license == null && checkpoint.has("README.md")) {
      license = frontMatterLicense(checkpoint);
    }
    return new ModelCard(options.name() == null ? checkpoint.name() : options.name(), license == null ? UNKNOWN : license,
        options.source() == null ? checkpoint.name() : options.source(), options.types());
  }

  private static String frontMatterLicense(Checkpoint checkpoint) {
    String text = new String(checkpoint.read("README.md"), StandardCharsets.UTF_8);
    int end = text.startsWith("---\n") ? text.indexOf("\n---", 4) : -1;
    if (end < 0) {
      return null;
    }
    try {
      return Settings.yaml(checkpoint.describe("README.md"), text.substring(4, end + 1).getBytes(StandardCharsets.UTF_8)).text("license", null);
    } catch (ModelFormatException e) {
      // A card that cannot be read says nothing; the weights are what counts.
      return null;
    }
  }

  void write(GgufMetadata metadata, DecoderShape decoder, List<String> networks) {
    metadata.string("general.architecture", "gpa").string("general.name", name).string("general.license", license)
        .string("general.source", source)
        .string(DESCRIPTION, describe("GPA speech model (" + String.join(", ", networks) + "). Decoder: " + decoder.describe(), types.describe()))
        .u32(FILE_TYPE, types.recipe().fileType()).u32("general.quantization_version", 2)
        .u32("gpa.format_version", 1).strings("gpa.networks", networks);
  }

  /** A description that says what the weights are; what it said of them before is replaced. */
  static String describe(String model, String weights) {
    int before = model.indexOf(WEIGHTS);
    return (before < 0 ? model : model.substring(0, before)) + WEIGHTS + weights + "; others f32";
  }

  /** What a description says of the weights; empty: nothing. */
  static String weights(String description) {
    int before = description.indexOf(WEIGHTS);
    return before < 0 ? "" : description.substring(before + WEIGHTS.length()).replaceFirst("[;,] others .*$", "");
  }
}
