package io.gpa4j;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gpa4j.internal.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.zip.CRC32;

/**
 * A voice to speak with: a name and the 32 tokens that the speaker encoder makes of a clip. Immutable and thread-safe.
 *
 * <p>{@link #save} writes a small JSON object: {@code format} "gpa-voice", {@code version} 1, {@code name}, {@code tokens} and
 * {@code crc32}, the checksum of the name's UTF-8 bytes followed by the tokens as little-endian 32-bit integers.
 *
 * <pre>{@code
 * Voice anna = gpa.enroll("anna", AudioSource.of(Path.of("anna.wav")));
 * anna.save(Path.of("anna.voice"));
 * Voice again = Voice.load(Path.of("anna.voice"));
 * }</pre>
 */
public final class Voice {
  /** Tokens of every voice. */
  public static final int TOKENS = 32;

  /** Tokens are below this. */
  public static final int TOKEN_LIMIT = 4096;

  private static final String FORMAT = "gpa-voice";
  private static final int VERSION = 1;
  private static final int MAX_FILE_BYTES = 1 << 16;
  private static final int MAX_NAME_LENGTH = 1000;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String name;
  private final int[] tokens;

  private Voice(String name, int[] tokens) {
    this.name = name;
    this.tokens = tokens;
  }

  /**
   * Makes a voice of its tokens.
   *
   * @param name what people call it, at most 1000 characters
   * @param tokens {@value #TOKENS} ids in [0, {@value #TOKEN_LIMIT})
   * @return the voice
   * @throws IllegalArgumentException if the name is blank or too long, or the tokens are not as said
   */
  public static Voice of(String name, int... tokens) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(tokens, "tokens");
    if (name.isBlank() || name.length() > MAX_NAME_LENGTH) {
      throw new IllegalArgumentException("name: expected 1 to " + MAX_NAME_LENGTH + " characters, not all blank");
    }
    if (tokens.length != TOKENS) {
      throw new IllegalArgumentException("tokens: " + tokens.length + " of them, expected " + TOKENS);
    }
    for (int i = 0; i < TOKENS; i++) {
      if (tokens[i] < 0 || tokens[i] >= TOKEN_LIMIT) {
        throw new IllegalArgumentException("tokens[" + i + "] is " + tokens[i] + ", expected 0 to " + (TOKEN_LIMIT - 1));
      }
    }
    return new Voice(name, tokens.clone());
  }

  /**
   * What people call it.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  /**
   * Its tokens.
   *
   * @return a copy, {@value #TOKENS} ids in [0, {@value #TOKEN_LIMIT})
   */
  public int[] tokens() {
    return tokens.clone();
  }

  /**
   * Writes it to a file, whole or not at all.
   *
   * @param path the file to write or replace
   * @throws GpaIoException if it cannot be written
   * @throws CancelledException if the thread is interrupted meanwhile
   */
  public void save(Path path) {
    Objects.requireNonNull(path, "path");
    ObjectNode root = JSON.createObjectNode();
    root.put("format", FORMAT).put("version", VERSION).put("name", name);
    for (int token : tokens) {
      root.withArray("tokens").add(token);
    }
    root.put("crc32", checksum(name, tokens));
    AtomicFile.write(path, out -> {
      out.write(JSON.writeValueAsBytes(root));
      out.write('\n');
    });
  }

  /**
   * Reads a file that {@link #save} wrote.
   *
   * @param path the file
   * @return the voice
   * @throws GpaIoException if the file cannot be read
   * @throws ModelFormatException if it is no voice file or is damaged
   */
  public static Voice load(Path path) {
    Objects.requireNonNull(path, "path");
    byte[] bytes;
    try (var in = Files.newInputStream(path)) {
      bytes = in.readNBytes(MAX_FILE_BYTES + 1);
    } catch (IOException e) {
      throw new GpaIoException(path + ": the voice cannot be read: " + e.getClass().getSimpleName() + " " + e.getMessage(), e);
    }
    if (bytes.length > MAX_FILE_BYTES) {
      throw new ModelFormatException(path + ": too long for a voice file; an audio clip has to be enrolled first");
    }
    return parse(bytes, path);
  }

  private static Voice parse(byte[] bytes, Path path) {
    JsonNode root;
    try {
      root = JSON.readTree(new String(bytes, StandardCharsets.UTF_8));
    } catch (JsonProcessingException e) {
      throw new ModelFormatException(path + ": no voice file: " + e.getOriginalMessage(), e);
    }
    if (!root.path("format").asText().equals(FORMAT)) {
      throw new ModelFormatException(path + ": no voice file: format is not \"" + FORMAT + "\"");
    }
    if (root.path("version").asInt() != VERSION) {
      throw new ModelFormatException(path + ": version " + root.path("version") + " of the voice format, this library reads " + VERSION);
    }
    JsonNode list = root.path("tokens");
    if (!list.isArray()) {
      throw new ModelFormatException(path + ": tokens is no array");
    }
    int[] tokens = new int[list.size()];
    for (int i = 0; i < tokens.length; i++) {
      if (!list.get(i).isInt()) {
        throw new ModelFormatException(path + ": tokens[" + i + "] is no integer");
      }
      tokens[i] = list.get(i).asInt();
    }
    String name = root.path("name").asText();
    if (!root.path("crc32").isIntegralNumber() || root.path("crc32").asLong() != checksum(name, tokens)) {
      throw new ModelFormatException(path + ": crc32 does not fit name and tokens; the voice file is damaged");
    }
    try {
      return of(name, tokens);
    } catch (IllegalArgumentException e) {
      throw new ModelFormatException(path + ": " + e.getMessage(), e);
    }
  }

  private static long checksum(String name, int[] tokens) {
    CRC32 crc = new CRC32();
    crc.update(name.getBytes(StandardCharsets.UTF_8));
    for (int token : tokens) {
      for (int shift = 0; shift < 32; shift += 8) {
        crc.update(token >>> shift);
      }
    }
    return crc.getValue();
  }

  /** Equal are voices of the same name and tokens. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Voice voice && voice.name.equals(name) && Arrays.equals(voice.tokens, tokens);
  }

  @Override
  public int hashCode() {
    return 31 * name.hashCode() + Arrays.hashCode(tokens);
  }

  /** Its name. */
  @Override
  public String toString() {
    return "Voice[" + name + "]";
  }
}
