package io.gpa4j.conversion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import io.gpa4j.ElementType;
import io.gpa4j.GpaIoException;
import io.gpa4j.ModelFormatException;
import io.gpa4j.checkpoint.CheckpointFolder;
import io.gpa4j.checkpoint.SafetensorsFile;
import io.gpa4j.checkpoint.StoredTensor;
import io.gpa4j.checkpoint.TensorStore;
import io.gpa4j.checkpoint.TorchFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** safetensors and torch.save files, as they should be and as they should not. */
class StoredFilesTest {
  private static final byte[] SIXTEEN_BYTES = new byte[16];

  @TempDir Path folder;

  private Path file() {
    return folder.resolve("weights");
  }

  // ---- safetensors ----

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "{} | 16 bytes lie behind",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}} | 4 bytes lie behind",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[5],\"data_offsets\":[0,20]}} | past the end",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[5],\"data_offsets\":[0,16]}} | need 20",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}} | hole",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[16,0]}} | past the end",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[-16,0]}} | holds -16",
      "{\"a\":{\"dtype\":\"F99\",\"shape\":[4],\"data_offsets\":[0,16]}} | F99",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[4]}} | missing",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,16]}} | overflows",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]},\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}} | JSON",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}} | overlaps",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[4.5],\"data_offsets\":[0,16]}} | integers",
      "{\"a\": | JSON",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}{} | follows",
      "{\"__metadata__\":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]} | depth",
      "[1, 2] | no JSON object"})
  void safetensors_headerThatLies_isRefused(String header, String message) {
    GoldenCheckpoint.put(file(), GoldenCheckpoint.safetensors(header.getBytes(StandardCharsets.UTF_8), SIXTEEN_BYTES));
    assertRefused(() -> SafetensorsFile.open(file()), message);
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 1, 100_000_001, Long.MAX_VALUE})
  void safetensors_headerLengthThatLies_isRefused(long length) throws IOException {
    GoldenCheckpoint.put(file(), new byte[64]);
    try (RandomAccessFile raw = new RandomAccessFile(file().toFile(), "rw")) {
      raw.writeLong(Long.reverseBytes(length));
    }
    assertRefused(() -> SafetensorsFile.open(file()), "header length");
  }

  @Test
  void safetensors_cutAnywhere_isRefused() throws IOException {
    Path whole = folder.resolve("whole");
    GoldenCheckpoint.writeSafetensors(whole, Map.of("a", Tensors.filled(1, 3, 5)), ElementType.F32);
    byte[] bytes = Files.readAllBytes(whole);
    for (int length = 0; length < bytes.length; length++) {
      GoldenCheckpoint.put(file(), Arrays.copyOf(bytes, length));
      assertRefused(() -> SafetensorsFile.open(file()), "");
    }
    GoldenCheckpoint.put(file(), Arrays.copyOf(bytes, bytes.length + 1));
    assertRefused(() -> SafetensorsFile.open(file()), "behind the last tensor");
  }

  @Test
  void safetensors_doubles_areRounded() {
    byte[] header = "{\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}}".getBytes(StandardCharsets.UTF_8);
    byte[] data = new byte[8];
    ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).putDouble(0.1);
    GoldenCheckpoint.put(file(), GoldenCheckpoint.safetensors(header, data));
    try (TensorStore store = SafetensorsFile.open(file())) {
      assertThat(Transforms.all(store.tensors().get("a"))).containsExactly(0.1f);
    }
  }

  @Test
  void shards_indexThatLies_isRefused() {
    GoldenCheckpoint.writeShards(folder, Map.of("a", Tensors.filled(1, 3)), 1);
    for (String shard : new String[] {"../model-00001.safetensors", "/etc/passwd", "absent.safetensors", "", "model\u0000.safetensors"}) {
      GoldenCheckpoint.put(folder.resolve("model.safetensors.index.json"), GoldenCheckpoint.json(Map.of("weight_map", Map.of("a", shard))));
      assertThatThrownBy(() -> new CheckpointFolder(folder).openTensors("")).isInstanceOfAny(ModelFormatException.class, GpaIoException.class);
    }
    GoldenCheckpoint.put(folder.resolve("model.safetensors.index.json"), new byte[17 << 20]);
    assertRefused(() -> new CheckpointFolder(folder).openTensors(""), "bytes", "at most");
    GoldenCheckpoint.put(folder.resolve("model.safetensors.index.json"),
        GoldenCheckpoint.json(Map.of("weight_map", Map.of("b", "model-00001.safetensors"))));
    assertRefused(() -> new CheckpointFolder(folder).openTensors(""), "'b'");
  }

  // ---- torch.save ----

  @Test
  void torch_stridesAndOffset_areFollowed() {
    float[] values = Tensors.filled(1, 24).values();
    byte[] pickle = new TorchPickle().openDict()
        .item("plain", "FloatStorage", "0", 0, new int[] {4, 6}, new int[] {6, 1})
        .item("offset", "FloatStorage", "0", 5, new int[] {3}, new int[] {1})
        .item("turned", "FloatStorage", "0", 0, new int[] {6, 4}, new int[] {1, 6})
        .item("spread", "FloatStorage", "0", 2, new int[] {2, 2}, new int[] {0, 3}).closeDict().end();
    GoldenCheckpoint.writeTorch(file(), pickle, Map.of("0", GoldenCheckpoint.encode(values, ElementType.F32)));
    try (TensorStore store = TorchFile.open(file())) {
      assertThat(Transforms.all(store.tensors().get("plain"))).isEqualTo(values);
      assertThat(Transforms.all(store.tensors().get("offset"))).isEqualTo(Arrays.copyOfRange(values, 5, 8));
      assertThat(Transforms.all(store.tensors().get("spread"))).containsExactly(values[2], values[5], values[2], values[5]);
      StoredTensor turned = store.tensors().get("turned");
      float[] middle = new float[3];
      turned.read(6, 3, middle, 0);
      assertThat(middle).containsExactly(values[2 * 6 + 1], values[3 * 6 + 1], values[2]);
    }
  }

  @ParameterizedTest
  @CsvSource({"BFloat16Storage, BF16", "HalfStorage, F16", "FloatStorage, F32"})
  void torch_storageTypes_areDecoded(String storage, ElementType type) {
    byte[] pickle = new TorchPickle().openDict().item("a", storage, "7", 0, new int[] {4}, new int[] {1}).closeDict().end();
    float[] values = {1, -2.5f, 0.15625f, 65504};
    if (type == ElementType.BF16) {
      values[3] = 65536;
    }
    GoldenCheckpoint.writeTorch(file(), pickle, Map.of("7", GoldenCheckpoint.encode(values, type)));
    try (TensorStore store = TorchFile.open(file())) {
      assertThat(Transforms.all(store.tensors().get("a"))).isEqualTo(values);
    }
  }

  @ParameterizedTest
  @CsvSource({"posix, system", "builtins, eval", "torch, load", "torch._utils, _rebuild_sparse_tensor", "os, popen", "collections, Counter",
      "torch.storage, UntypedStorage"})
  void torch_forbiddenClass_isRefusedByName(String module, String name) {
    byte[] pickle = new TorchPickle().global(module, name).op('(').text("echo").op('t').op('R').end();
    GoldenCheckpoint.writeTorch(file(), pickle, Map.of());
    assertRefused(() -> TorchFile.open(file()), module + "." + name);
  }

  @Test
  void torch_forbiddenClassInsideATensor_isRefused() {
    byte[] pickle = new TorchPickle().openDict().text("a").global("subprocess", "Popen").op(')').op('R').closeDict().end();
    GoldenCheckpoint.writeTorch(file(), pickle, Map.of());
    assertRefused(() -> TorchFile.open(file()), "subprocess.Popen");
  }

  @ParameterizedTest
  @CsvSource({"0, 5, 1", "-1, 2, 1", "3, 2, 1", "0, 2, 7", "2147483647, 1, 1", "0, -3, 1", "0, 2, -1"})
  void torch_viewBeyondItsStorage_isRefused(int offset, int extent, int stride) {
    byte[] pickle = new TorchPickle().openDict().item("a", "FloatStorage", "0", offset, new int[] {extent}, new int[] {stride}).closeDict().end();
    GoldenCheckpoint.writeTorch(file(), pickle, Map.of("0", SIXTEEN_BYTES));
    assertRefused(() -> TorchFile.open(file()), "");
  }

  @Test
  void torch_storageMissing_namesTensorAndEntry() {
    byte[] pickle = new TorchPickle().openDict().item("layer.weight", "FloatStorage", "3", 0, new int[] {1}, new int[] {1}).closeDict().end();
    GoldenCheckpoint.writeTorch(file(), pickle, Map.of("0", SIXTEEN_BYTES));
    assertRefused(() -> TorchFile.open(file()), "layer.weight", "archive/data/3");
  }

  @Test
  void torch_integers_cannotBeReadAsNumbers() {
    byte[] pickle = new TorchPickle().openDict().item("a", "IntStorage", "0", 0, new int[] {4}, new int[] {1}).closeDict().end();
    GoldenCheckpoint.writeTorch(file(), pickle, Map.of("0", SIXTEEN_BYTES));
    try (TensorStore store = TorchFile.open(file())) {
      assertRefused(() -> Transforms.all(store.tensors().get("a")), "I32");
    }
  }

  @Test
  void torch_lengthsThatLie_takeNoMemory() {
    for (char opcode : "XBT".toCharArray()) {
      byte[] pickle = {(byte) 0x80, 2, (byte) opcode, -1, -1, -1, 127, '.'};
      GoldenCheckpoint.writeTorch(file(), pickle, Map.of());
      assertRefused(() -> TorchFile.open(file()), "data.pkl");
    }
  }

  @Test
  void torch_keysThatContainThemselves_areRefused() {
    // A list that is appended to itself, or lists of one another over and over, as the key of a dictionary: to hash them has no end.
    byte[] itself = new TorchPickle().op('}').op(']').put(1).get(1).op('a').op('N').op('s').end();
    TorchPickle doubled = new TorchPickle().op('}').op(']').put(0);
    for (int i = 0; i < 60; i++) {
      doubled.op(']').op('(').get(i).get(i).op('e').put(i + 1);
    }
    for (byte[] pickle : new byte[][] {itself, doubled.op('N').op('s').end()}) {
      GoldenCheckpoint.writeTorch(file(), pickle, Map.of());
      assertTimeout(Duration.ofSeconds(5), () -> assertRefused(() -> TorchFile.open(file()), "data.pkl"));
    }
  }

  @Test
  void torch_listsWithinListsAsNumbers_areRefusedUnread() {
    TorchPickle pickle = new TorchPickle().op(']').put(0);
    for (int i = 0; i < 60; i++) {
      pickle.op(']').op('(').get(i).get(i).op('e').put(i + 1);
    }
    pickle.global("torch._utils", "_rebuild_tensor_v2").op('(');
    pickle.op('(').text("storage").global("torch", "FloatStorage").text("0").text("cpu").number(4).op('t').op('Q').get(60).tuple(1).tuple(1);
    GoldenCheckpoint.writeTorch(file(), pickle.op('t').op('R').end(), Map.of("0", SIXTEEN_BYTES));
    assertTimeout(Duration.ofSeconds(5), () -> assertRefused(() -> TorchFile.open(file()), "offset"));
  }

  @Test
  void torch_opcodesThatNothingNeeds_orTooMany_areRefused() {
    for (String pickle : new String[] {"L123456789L\n.", "I1\n.", "F1.0\n.", "S'a'\n.", "(lp0\n.", "\u008f(\u0090.", "2."}) {
      GoldenCheckpoint.writeTorch(file(), pickle.getBytes(StandardCharsets.ISO_8859_1), Map.of());
      assertRefused(() -> TorchFile.open(file()), "data.pkl uses opcode");
    }
    byte[] many = new byte[600_000];
    Arrays.fill(many, (byte) '}');
    GoldenCheckpoint.writeTorch(file(), many, Map.of());
    assertRefused(() -> TorchFile.open(file()), "more than");
  }

  @Test
  void torch_viewThatRepeatsItsStorage_isRefused() {
    byte[] pickle = new TorchPickle().openDict().item("a", "FloatStorage", "0", 0, new int[] {1 << 20, 1 << 20}, new int[] {0, 0}).closeDict().end();
    GoldenCheckpoint.writeTorch(file(), pickle, Map.of("0", SIXTEEN_BYTES));
    assertRefused(() -> TorchFile.open(file()), "'a'", "repeats");
  }

  @Test
  void torch_entriesThatAreCompressedDamagedOrClaimMore_areRefused() throws IOException {
    byte[] pickle = new TorchPickle().openDict().item("a", "FloatStorage", "0", 0, new int[] {4}, new int[] {1}).closeDict().end();
    GoldenCheckpoint.writeTorch(file(), pickle, Map.of("0", SIXTEEN_BYTES));
    byte[] bytes = Files.readAllBytes(file());
    int entry = new String(bytes, StandardCharsets.ISO_8859_1).lastIndexOf("PK\1\2");
    ByteBuffer claims = ByteBuffer.wrap(bytes.clone()).order(ByteOrder.LITTLE_ENDIAN).putInt(entry + 24, 1 << 30);
    GoldenCheckpoint.put(file(), claims.array());
    assertRefused(() -> TorchFile.open(file()), "archive/data/0", "claims");

    // A comment that is no UTF-8, of the length of one.
    byte[] comment = Arrays.copyOf(bytes, bytes.length + 1);
    System.arraycopy(bytes, bytes.length - 22, comment, comment.length - 22, 22);
    comment[comment.length - 23] = (byte) 0xFF;
    ByteBuffer.wrap(comment).order(ByteOrder.LITTLE_ENDIAN).putShort(entry + 32, (short) 1)
        .putInt(comment.length - 22 + 12, comment.length - 22 - ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(bytes.length - 22 + 16));
    GoldenCheckpoint.put(file(), comment);
    assertRefused(() -> TorchFile.open(file()), "zip");

    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.putNextEntry(new ZipEntry("archive/data.pkl"));
      zip.write(new byte[10 << 20]);
    }
    GoldenCheckpoint.put(file(), out.toByteArray());
    assertRefused(() -> TorchFile.open(file()), "data.pkl", "compressed");
  }

  @Test
  void torch_bytesChangedAtRandom_neverCrashes() throws IOException {
    Map<String, byte[]> storages = new LinkedHashMap<>();
    storages.put("0", SIXTEEN_BYTES);
    byte[] pickle = new TorchPickle().openDict().item("a", "FloatStorage", "0", 0, new int[] {2, 2}, new int[] {2, 1})
        .item("b", "HalfStorage", "0", 1, new int[] {3}, new int[] {1}).closeDict().end();
    Random random = new Random(5);
    for (int round = 0; round < 3000; round++) {
      byte[] changed = pickle.clone();
      for (int i = 0; i <= random.nextInt(3); i++) {
        changed[random.nextInt(changed.length)] = (byte) random.nextInt();
      }
      GoldenCheckpoint.writeTorch(file(), Arrays.copyOf(changed, changed.length - random.nextInt(2) * random.nextInt(20)), storages);
      openOrRefuse();
    }
  }

  @Test
  void torch_zipCutOrChanged_neverCrashes() throws IOException {
    Path source = GoldenCheckpoint.FOLDER.resolve(GoldenCheckpoint.WAV2VEC2 + "/pytorch_model.bin");
    byte[] bytes = Files.readAllBytes(source);
    Random random = new Random(6);
    for (int round = 0; round < 60; round++) {
      byte[] changed = Arrays.copyOf(bytes, round % 2 == 0 ? bytes.length : random.nextInt(bytes.length));
      for (int i = 0; i < 20 && changed.length > 2000; i++) {
        changed[changed.length - 1 - random.nextInt(2000)] = (byte) random.nextInt();
      }
      GoldenCheckpoint.put(file(), changed);
      openOrRefuse();
    }
    GoldenCheckpoint.put(file(), Arrays.copyOf(bytes, bytes.length / 2));
    assertRefused(() -> TorchFile.open(file()), "zip");
  }

  private void openOrRefuse() {
    try (TensorStore store = TorchFile.open(file())) {
      for (StoredTensor tensor : store.tensors().values()) {
        if (tensor.type().isFloating() && tensor.elements() < 1 << 20) {
          Transforms.all(tensor);
        }
      }
    } catch (ModelFormatException | GpaIoException e) {
      assertThat(e).hasMessageContaining("weights");
    }
  }

  private void assertRefused(ThrowingCallable call, String... parts) {
    AbstractThrowableAssert<?, ?> refusal = assertThatThrownBy(call);
    refusal.isInstanceOf(ModelFormatException.class).hasMessageContainingAll(parts);
  }
}
