package io.gpa4j.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.gpa4j.ModelFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A safetensors file: 8 bytes header length, a JSON header, the data. Source: the format's description at huggingface/safetensors. */
public final class SafetensorsFile implements TensorStore {
  private static final long MAX_HEADER_BYTES = 1 << 24;
  private static final long MAX_INTS_BYTES = 1 << 28;
  private static final int MAX_RANK = 8;
  private static final int MAX_DEPTH = 16;
  // Names of tensors are no vocabulary: a table of them for all files would only grow.
  private static final JsonFactory JSON = JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
      .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
      .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build()).build();

  private final ReadChannel channel;
  private final Map<String, StoredTensor> tensors;

  private SafetensorsFile(ReadChannel channel, Map<String, StoredTensor> tensors) {
    this.channel = channel;
    this.tensors = Collections.unmodifiableMap(tensors);
  }

  /**
   * Opens one and checks its header against the file's length.
   *
   * @throws io.gpa4j.GpaIoException if it cannot be read
   * @throws ModelFormatException if it is not well-formed
   */
  public static SafetensorsFile open(Path path) {
    ReadChannel channel = ReadChannel.open(path);
    boolean opened = false;
    try {
      SafetensorsFile file = new SafetensorsFile(channel, readHeader(channel));
      opened = true;
      return file;
    } finally {
      if (!opened) {
        channel.close();
      }
    }
  }

  @Override
  public String label() {
    return channel.path().toString();
  }

  @Override
  public Map<String, StoredTensor> tensors() {
    return tensors;
  }

  @Override
  public void close() {
    channel.close();
  }

  /** Reads a whole tensor of ints, as golden files hold them. */
  public int[] ints(String name) {
    StoredTensor tensor = tensors.get(name);
    if (!(tensor instanceof Entry entry) || tensor.type() != StoredType.I32) {
      throw bad(channel, "tensor '" + name + "' is " + (tensor == null ? "missing" : "of type " + tensor.type()) + ", expected I32");
    }
    if (tensor.bytes() > MAX_INTS_BYTES) {
      throw bad(channel, "tensor '" + name + "' has " + tensor.bytes() + " bytes; at most " + MAX_INTS_BYTES + " are read at once");
    }
    byte[] bytes = channel.bytes(entry.position, (int) tensor.bytes());
    int[] ints = new int[bytes.length / Integer.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(ints);
    return ints;
  }

  private static Map<String, StoredTensor> readHeader(ReadChannel channel) {
    if (channel.size() < Long.BYTES) {
      throw bad(channel, channel.size() + " bytes are too few for a safetensors file");
    }
    long length = ByteBuffer.wrap(channel.bytes(0, Long.BYTES)).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (length < 2 || length > MAX_HEADER_BYTES || length > channel.size() - Long.BYTES) {
      throw bad(channel, "header length " + Long.toUnsignedString(length) + " does not fit a file of " + channel.size() + " bytes");
    }
    byte[] header = channel.bytes(Long.BYTES, (int) length);
    long data = Long.BYTES + length;
    List<Entry> entries = new ArrayList<>();
    try (JsonParser json = JSON.createParser(header)) {
      expect(channel, json.nextToken() == JsonToken.START_OBJECT, "the header is no JSON object");
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        json.nextToken();
        if (name.equals("__metadata__")) {
          json.skipChildren();
        } else {
          entries.add(readEntry(channel, json, name, data));
        }
      }
      expect(channel, json.nextToken() == null, "something follows the header's JSON object");
    } catch (IOException e) {
      throw new ModelFormatException(channel.path() + ": the header is no valid JSON: " + firstLine(e), e);
    }
    checkLayout(channel, entries, data);
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    entries.forEach(entry -> tensors.put(entry.name(), entry));
    return tensors;
  }

  private static Entry readEntry(ReadChannel channel, JsonParser json, String name, long data) throws IOException {
    String what = "tensor '" + name + "': ";
    expect(channel, json.currentToken() == JsonToken.START_OBJECT, what + "its header entry is no object");
    StoredType type = null;
    long[] shape = null;
    long[] offsets = null;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      json.nextToken();
      switch (key) {
        case "dtype" -> {
          type = StoredType.ofSafetensors(json.getText());
          expect(channel, type != null, what + "unknown dtype '" + json.getText() + "'");
        }
        case "shape" -> shape = readLongs(channel, json, what + "shape", MAX_RANK);
        case "data_offsets" -> offsets = readLongs(channel, json, what + "data_offsets", 2);
        default -> json.skipChildren();
      }
    }
    expect(channel, type != null && shape != null && offsets != null && offsets.length == 2,
        what + "dtype, shape or data_offsets is missing");
    long bytes;
    try {
      bytes = type.bytes(StoredTensor.elements(shape));
    } catch (ArithmeticException e) {
      throw bad(channel, what + "its shape overflows");
    }
    expect(channel, offsets[0] <= offsets[1] && offsets[1] <= channel.size() - data,
        what + "data_offsets " + offsets[0] + " to " + offsets[1] + " lie past the end of the file");
    expect(channel, offsets[1] - offsets[0] == bytes,
        what + "data_offsets span " + (offsets[1] - offsets[0]) + " bytes, its shape and type need " + bytes);
    return new Entry(channel, name, type, shape, data + offsets[0]);
  }

  private static long[] readLongs(ReadChannel channel, JsonParser json, String what, int max) throws IOException {
    expect(channel, json.currentToken() == JsonToken.START_ARRAY, what + " is no array");
    List<Long> values = new ArrayList<>();
    while (json.nextToken() == JsonToken.VALUE_NUMBER_INT) {
      long value = json.getLongValue();
      expect(channel, value >= 0 && values.size() < max, what + " holds " + value + " or too many values");
      values.add(value);
    }
    expect(channel, json.currentToken() == JsonToken.END_ARRAY, what + " holds something other than integers");
    return values.stream().mapToLong(Long::longValue).toArray();
  }

  private static void checkLayout(ReadChannel channel, List<Entry> entries, long data) {
    List<Entry> sorted = new ArrayList<>(entries);
    sorted.sort(Comparator.comparingLong((Entry entry) -> entry.position).thenComparingLong(Entry::bytes));
    long end = data;
    for (Entry entry : sorted) {
      expect(channel, entry.position >= end, "tensor '" + entry.name() + "' overlaps with another one");
      expect(channel, entry.position == end, "a hole of " + (entry.position - end) + " bytes lies before tensor '" + entry.name() + "'");
      end = entry.position + entry.bytes();
    }
    expect(channel, end == channel.size(), (channel.size() - end) + " bytes lie behind the last tensor");
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  private static void expect(ReadChannel channel, boolean condition, String otherwise) {
    if (!condition) {
      throw bad(channel, otherwise);
    }
  }

  private static ModelFormatException bad(ReadChannel channel, String what) {
    return new ModelFormatException(channel.path() + ": " + what);
  }

  private static final class Entry extends StoredTensor {
    private final ReadChannel channel;
    private final long position;

    Entry(ReadChannel channel, String name, StoredType type, long[] shape, long position) {
      super(channel.path().toString(), name, type, shape);
      this.channel = channel;
      this.position = position;
    }

    @Override
    protected void fetch(long first, int count, float[] into, int at) {
      channel.floats(position + type().bytes(first), type(), count, into, at);
    }
  }
}
