package io.gpa4j.conversion;

import io.gpa4j.ElementType;
import io.gpa4j.ModelFormatException;
import io.gpa4j.checkpoint.Checkpoint;
import io.gpa4j.checkpoint.Settings;
import io.gpa4j.gguf.GgufMetadata;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The model card: what the options say, else the front matter of the checkpoint's README.md, else what is known anyway. */
record ModelCard(String name, String license, String source, ElementType type, ElementType decoderType) {
  private static final String UNKNOWN = "unknown";
  private static final int FILE_TYPE_F32 = 0;
  private static final int FILE_TYPE_F16 = 1;
  private static final int FILE_TYPE_BF16 = 32;

  static ModelCard read(Checkpoint checkpoint, ConversionOptions options) {
    String license = options.license();
    if (license == null && checkpoint.has("README.md")) {
      license = frontMatterLicense(checkpoint);
    }
    return new ModelCard(options.name() == null ? checkpoint.name() : options.name(), license == null ? UNKNOWN : license,
        options.source() == null ? checkpoint.name() : options.source(), options.type(), options.decoderType());
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
    String types = type == decoderType ? type.name() : type + ", decoder " + decoderType;
    metadata.string("general.architecture", "gpa").string("general.name", name).string("general.license", license)
        .string("general.source", source)
        .string("general.description", "GPA speech model (" + String.join(", ", networks) + "). Decoder: " + decoder.describe()
            + ". Weights: " + types + ", others F32")
        .u32("general.file_type", fileType()).u32("general.quantization_version", 2)
        .u32("gpa.format_version", 1).strings("gpa.networks", networks);
  }

  private int fileType() {
    return switch (type) {
      case F16 -> FILE_TYPE_F16;
      case BF16 -> FILE_TYPE_BF16;
      default -> FILE_TYPE_F32;
    };
  }
}
