package io.gpa4j.tests.fuzz;

import io.gpa4j.ElementType;
import io.gpa4j.checkpoint.Checkpoint;
import io.gpa4j.checkpoint.TensorStore;
import io.gpa4j.conversion.ConversionListener;
import io.gpa4j.conversion.ConversionOptions;
import io.gpa4j.conversion.Converter;
import io.gpa4j.fabricate.FabricatedCheckpoint;
import io.gpa4j.fabricate.ModelShape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The configurations and the tokenizer of a checkpoint: planning a conversion reads them. An input is the number of a file and its content. */
final class ConfigTarget implements Target {
  private static final List<String> AUDIO = List.of("BiCodec/config.yaml", "BiCodec/wav2vec2-large-xlsr-53/config.json",
      "BiCodec/wav2vec2-large-xlsr-53/preprocessor_config.json", "glm-4-voice-tokenizer/config.json");
  private static final List<String> DECODER = List.of("config.json", "generation_config.json", "tokenizer.json", "README.md");
  private static final byte[] SMALL_TOKENIZER = Target.utf8(SmallModel.TOKENIZER);
  private static final String CARD = "---\nlicense: apache-2.0\ntags: [a, b]\n---\n# A model\n";

  /** The plan stands, and nothing more is wanted. */
  private static final class Planned extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Planned() {
      super(null, null, false, false);
    }
  }

  private final Path folder;
  private final Checkpoint fabricated = new FabricatedCheckpoint(ModelShape.TINY, 0);
  private final Map<String, byte[]> files = new HashMap<>();

  ConfigTarget(Path folder) {
    this.folder = folder;
    files.put("README.md", Target.utf8(CARD));
  }

  @Override
  public String name() {
    return "config";
  }

  @Override
  public List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    for (String file : all()) {
      byte[] content = file.equals("tokenizer.json") ? Target.utf8(SmallModel.TOKENIZER) : content(file);
      seeds.add(new Bytes().number(seeds.size(), 1).raw(content).toArray());
    }
    return seeds;
  }

  @Override
  public List<String> words() {
    return List.of("{", "}", "[", "]", ":", ",", "\"", "null", "true", "false", "- ", "\n", "  ", "&a ", "*a", "architectures", "Qwen2ForCausalLM", "qwen3", "head_dim",
        "rope_scaling", "rope_parameters", "eos_token_id", "\"feature_layers\":[0,1]", "\"id\":5,\"content\":\"<|glm_semantic_0|>\"", "1e300", "license: ");
  }

  /** Every file has a dot in its name. */
  @Override
  public String label() {
    return ".";
  }

  @Override
  public long freeBytes() {
    return 64 << 20;  // The tokenizer beside the configurations is large.
  }

  @Override
  public void read(byte[] input) {
    if (input.length == 0) {
      return;
    }
    int number = Math.floorMod(input[0], all().size());
    byte[] content = java.util.Arrays.copyOfRange(input, 1, input.length);
    try {
      Converter.convert(new Changed(all().get(number), content), folder.resolve("planned.gguf"), ConversionOptions.of(ElementType.F32).withThreads(1),
          new ConversionListener() {
            @Override
            public void started(int tensors, long bytes) {
              throw new Planned();
            }
          });
    } catch (Planned e) {
      // All of it was read.
    }
  }

  private static List<String> all() {
    List<String> all = new ArrayList<>(DECODER);
    all.addAll(AUDIO);
    return all;
  }

  private byte[] content(String path) {
    return files.computeIfAbsent(path, fabricated::read);
  }

  /** The fabricated checkpoint with another file; a decoder alone where the file is not one of the audio networks. */
  private final class Changed implements Checkpoint {
    private final String path;
    private final byte[] content;

    Changed(String path, byte[] content) {
      this.path = path;
      this.content = content;
    }

    @Override
    public String name() {
      return "changed";
    }

    @Override
    public String describe(String file) {
      return "changed/" + file;
    }

    @Override
    public boolean has(String file) {
      return DECODER.contains(file) || AUDIO.contains(path) && fabricated.has(file);
    }

    @Override
    public byte[] read(String file) {
      if (file.equals(path)) {
        return content;
      }
      // A decoder alone needs no audio tokens, of which there are thousands.
      return file.equals("tokenizer.json") && !AUDIO.contains(path) ? SMALL_TOKENIZER : ConfigTarget.this.content(file);
    }

    @Override
    public boolean hasTensors(String place) {
      return fabricated.hasTensors(place);
    }

    @Override
    public TensorStore openTensors(String place) {
      return fabricated.openTensors(place);
    }
  }
}
