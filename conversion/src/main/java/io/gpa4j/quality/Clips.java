package io.gpa4j.quality;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gpa4j.GpaIoException;
import io.gpa4j.ModelFormatException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A folder of recordings: the ones that its clips.json lists, {@code [{"file": …, "text": …, "voice": …}, …]} with paths in the folder,
 * text and voice as far as they are known; without that file every *.wav, in the order of their names. The folder's voices/*.wav are
 * voices to speak with, named after their files.
 */
final class Clips {
  private static final String LIST = "clips.json";
  private static final String WAV = ".wav";

  /** A recording; text and voice may be null. */
  record Clip(String name, Path file, String text, String voice) {}

  /** No recordings at all. */
  static final Clips NONE = new Clips(List.of(), Collections.emptyNavigableMap());

  private final List<Clip> all;
  private final Map<String, Path> voices;

  private Clips(List<Clip> all, Map<String, Path> voices) {
    this.all = all;
    this.voices = voices;
  }

  /**
   * Reads a folder.
   *
   * @throws GpaIoException if it or a file that it lists is not there
   * @throws ModelFormatException if clips.json is not as it should be
   */
  static Clips read(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new GpaIoException(folder + ": no such folder of clips");
    }
    List<Clip> clips = Files.exists(folder.resolve(LIST)) ? listed(folder)
        : wavs(folder).stream().map(file -> new Clip(file.getFileName().toString(), file, null, null)).toList();
    if (clips.isEmpty()) {
      throw new GpaIoException(folder + ": holds no clips, neither " + LIST + " nor *" + WAV);
    }
    Map<String, Path> voices = new TreeMap<>();
    if (Files.isDirectory(folder.resolve("voices"))) {
      for (Path file : wavs(folder.resolve("voices"))) {
        String name = file.getFileName().toString();
        voices.put(name.substring(0, name.length() - WAV.length()), file);
      }
    }
    return new Clips(clips, voices);
  }

  private static List<Path> wavs(Path folder) {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, "*" + WAV)) {
      entries.forEach(files::add);
    } catch (IOException e) {
      throw new GpaIoException(folder + ": cannot be read: " + e, e);
    }
    Collections.sort(files);
    return files;
  }

  private static List<Clip> listed(Path folder) {
    Path list = folder.resolve(LIST);
    JsonNode root;
    try {
      root = new ObjectMapper().readTree(list.toFile());
    } catch (JsonProcessingException e) {
      throw new ModelFormatException(list + ": no valid JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new GpaIoException(list + ": cannot be read: " + e, e);
    }
    if (!root.isArray()) {
      throw new ModelFormatException(list + ": holds no array of clips");
    }
    List<Clip> clips = new ArrayList<>();
    for (JsonNode entry : root) {
      String name = text(list, clips.size(), entry, "file");
      if (name == null) {
        throw new ModelFormatException(list + ": clip " + clips.size() + " names no file");
      }
      clips.add(new Clip(name, file(list, folder, name), text(list, clips.size(), entry, "text"), text(list, clips.size(), entry, "voice")));
    }
    return clips;
  }

  private static Path file(Path list, Path folder, String name) {
    try {
      Path file = folder.resolve(name);
      if (Files.isRegularFile(file)) {
        return file;
      }
      throw new GpaIoException(list + ": there is no file " + file);
    } catch (InvalidPathException e) {
      throw new ModelFormatException(list + ": '" + name + "' is no path: " + e.getReason(), e);
    }
  }

  // Null where it is absent.
  private static String text(Path list, int index, JsonNode entry, String key) {
    JsonNode value = entry.path(key);
    if (value.isMissingNode() || value.isNull()) {
      return null;
    }
    if (!value.isTextual()) {
      throw new ModelFormatException(list + ": " + key + " of clip " + index + " is no string");
    }
    return value.asText();
  }

  /** All recordings. */
  List<Clip> all() {
    return all;
  }

  /** Those whose words are known. */
  List<Clip> told() {
    return all.stream().filter(clip -> clip.text() != null && !clip.text().isBlank()).toList();
  }

  /** Those whose words are to be spoken: the told ones, of known voices if the folder holds voices. */
  List<Clip> spoken() {
    return told().stream().filter(clip -> voices.isEmpty() || voices.containsKey(clip.voice())).toList();
  }

  /**
   * The recording of the voice to speak a clip with: of the folder's voices another than the clip's own, in turn; without any its own.
   *
   * @param turn number of the clip
   */
  Path voice(Clip clip, int turn) {
    List<Path> others = voices.entrySet().stream().filter(voice -> !voice.getKey().equals(clip.voice())).map(Map.Entry::getValue).toList();
    return others.isEmpty() ? clip.file() : others.get(turn % others.size());
  }
}
