package io.gpa4j.tests.fuzz;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.sound.sampled.AudioFileFormat;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;

/** Short sounds in every format. */
final class Sounds {
  private static final int FRAMES = 100;
  private static final int RATE = 16_000;

  private Sounds() {}

  /** WAV of each kind, AIFF and AU. */
  static List<byte[]> ofTheJdk() {
    List<byte[]> sounds = new ArrayList<>();
    for (int[] kind : new int[][] {{1, 8, 1}, {1, 16, 1}, {1, 24, 2}, {1, 32, 1}, {3, 32, 2}, {3, 64, 1}, {6, 8, 1}, {7, 8, 2}}) {
      sounds.add(wav(kind[0], kind[1], kind[2], RATE));
    }
    sounds.add(wav(1, 16, 2, 44_100));
    sounds.add(extensible());
    sounds.add(Target.utf8("no sound at all"));
    for (AudioFileFormat.Type type : new AudioFileFormat.Type[] {AudioFileFormat.Type.AIFF, AudioFileFormat.Type.AU}) {
      sounds.add(written(type));
    }
    return sounds;
  }

  static byte[] wav(int format, int bits, int channels, int rate) {
    int frame = channels * bits / 8;
    return new Bytes().text("RIFF").number(36 + FRAMES * frame, 4).text("WAVEfmt ").number(16, 4).number(format, 2).number(channels, 2)
        .number(rate, 4).number((long) rate * frame, 4).number(frame, 2).number(bits, 2).text("data").number(FRAMES * frame, 4).raw(samples(FRAMES * frame))
        .toArray();
  }

  private static byte[] extensible() {
    return new Bytes().text("RIFF").number(60 + 2 * FRAMES, 4).text("WAVEfmt ").number(40, 4).number(0xFFFE, 2).number(1, 2).number(RATE, 4)
        .number(2 * RATE, 4).number(2, 2).number(16, 2).number(22, 2).number(16, 2).number(4, 4).number(1, 4).number(0x00100000, 4)
        .number(0xAA000080L, 4).number(0x719B3800L, 4).text("LIST").number(4, 4).text("INFO").text("data").number(2 * FRAMES, 4).raw(samples(2 * FRAMES)).toArray();
  }

  private static byte[] samples(int count) {
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = (byte) (40 * Math.sin(i / 5.0));
    }
    return bytes;
  }

  private static byte[] written(AudioFileFormat.Type type) {
    AudioFormat format = new AudioFormat(RATE, 16, 1, true, true);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      AudioSystem.write(new AudioInputStream(new ByteArrayInputStream(samples(2 * FRAMES)), format, FRAMES), type, out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** Formats that FFmpeg reads, in their smallest form. */
  static List<byte[]> ofFfmpeg() {
    return List.of(wave64(), coreAudio(), flac(), avi(), matroska(), quickTime(1, FRAMES), mp3(), Target.utf8("#!AMR\n" + "\0".repeat(64)),
        new Bytes().text("Creative Voice File\u001a").number(26, 2).number(0x10A, 2).number(0x1129, 2).number(1, 1).number(2 + FRAMES, 3).number(131, 1)
            .number(0, 1).raw(samples(FRAMES)).number(0, 1).toArray(),
        rifx(1, RATE));
  }

  /** A WAV file in the other order, which the JDK does not read. */
  static byte[] rifx(int channels, int rate) {
    return new Bytes().text("RIFX").raw(big(36 + FRAMES * channels, 4)).text("WAVEfmt ").raw(big(16, 4)).raw(big(1, 2)).raw(big(channels, 2))
        .raw(big(rate, 4)).raw(big((long) rate * channels, 4)).raw(big(channels, 2)).raw(big(8, 2)).text("data").raw(big(FRAMES * channels, 4))
        .raw(samples(FRAMES * channels)).toArray();
  }

  private static byte[] big(long value, int bytes) {
    byte[] out = new byte[bytes];
    for (int i = 0; i < bytes; i++) {
      out[i] = (byte) (value >>> 8 * (bytes - 1 - i));
    }
    return out;
  }

  private static byte[] wave64() {
    String rest = "\u002e\u0091\u00cf\u0011\u00a5\u00d6\u0028\u00db\u0004\u00c1\0\0";
    String tail = "\u00f3\u00ac\u00d3\u0011\u008c\u00d1\0\u00c0\u004f\u008e\u00db\u008a";
    return new Bytes().text("riff").raw(latin(rest)).number(40 + 48 + 24 + 2 * FRAMES, 8).text("wave").raw(latin(tail))
        .text("fmt ").raw(latin(tail)).number(40, 8).number(1, 2).number(1, 2).number(RATE, 4).number(2 * RATE, 4).number(2, 2).number(16, 2)
        .text("data").raw(latin(tail)).number(24 + 2 * FRAMES, 8).raw(samples(2 * FRAMES)).toArray();
  }

  private static byte[] coreAudio() {
    return new Bytes().text("caff").raw(big(1, 2)).raw(big(0, 2)).text("desc").raw(big(32, 8)).raw(big(Double.doubleToLongBits(RATE), 8)).text("lpcm")
        .raw(big(0, 4)).raw(big(2, 4)).raw(big(1, 4)).raw(big(1, 4)).raw(big(16, 4)).text("data").raw(big(4 + 2 * FRAMES, 8)).raw(big(0, 4))
        .raw(samples(2 * FRAMES)).toArray();
  }

  /** A constant block of 192 samples. */
  private static byte[] flac() {
    byte[] head = {(byte) 0xFF, (byte) 0xF8, 0x15, 0x08, 0};
    byte[] frame = new Bytes().raw(head).number(crc8(head), 1).raw((byte) 0, (byte) 1, (byte) 2).toArray();
    return new Bytes().text("fLaC").raw((byte) 0x80).raw(big(34, 3)).raw(big(192, 2)).raw(big(192, 2)).raw(big(0, 6))
        .raw(big((long) RATE << 44 | 15L << 36 | 192, 8)).raw(new byte[16]).raw(frame).raw(big(crc16(frame), 2)).toArray();
  }

  private static int crc8(byte[] bytes) {
    int crc = 0;
    for (byte b : bytes) {
      crc ^= b & 0xFF;
      for (int i = 0; i < 8; i++) {
        crc = (crc << 1 ^ (crc & 0x80) / 0x80 * 0x07) & 0xFF;
      }
    }
    return crc;
  }

  private static int crc16(byte[] bytes) {
    int crc = 0;
    for (byte b : bytes) {
      crc ^= (b & 0xFF) << 8;
      for (int i = 0; i < 8; i++) {
        crc = (crc << 1 ^ (crc & 0x8000) / 0x8000 * 0x8005) & 0xFFFF;
      }
    }
    return crc;
  }

  private static byte[] avi() {
    byte[] header = new Bytes().text("avih").number(56, 4).raw(new byte[24]).number(1, 4).raw(new byte[28]).text("LIST").number(4 + 64 + 26, 4).text("strl")
        .text("strh").number(56, 4).text("auds").raw(new byte[16]).number(1, 4).number(RATE, 4).number(0, 4).number(FRAMES, 4).raw(new byte[8])
        .number(1, 4).raw(new byte[8]).text("strf").number(18, 4).number(1, 2).number(1, 2).number(RATE, 4).number(RATE, 4).number(1, 2).number(8, 2)
        .number(0, 2).toArray();
    return new Bytes().text("RIFF").number(4 + 12 + header.length + 12 + 8 + FRAMES, 4).text("AVI LIST").number(4 + header.length, 4).text("hdrl").raw(header)
        .text("LIST").number(12 + FRAMES, 4).text("movi").text("00wb").number(FRAMES, 4).raw(samples(FRAMES)).toArray();
  }

  private static byte[] matroska() {
    byte[] audio = element(0xE1, new Bytes().raw(element(0xB5, big(Float.floatToIntBits(RATE), 4))).raw(element(0x9F, big(1, 1)))
        .raw(element(0x6264, big(16, 1))).toArray());
    byte[] track = element(0xAE, new Bytes().raw(element(0xD7, big(1, 1))).raw(element(0x73C5, big(1, 1))).raw(element(0x83, big(2, 1)))
        .raw(element(0x86, Target.utf8("A_PCM/INT/LIT"))).raw(audio).toArray());
    byte[] block = element(0xA3, new Bytes().raw((byte) 0x81, (byte) 0, (byte) 0, (byte) 0x80).raw(samples(2 * FRAMES)).toArray());
    byte[] segment = new Bytes().raw(element(0x1549A966, element(0x2AD7B1, big(1_000_000, 3)))).raw(element(0x1654AE6B, track))
        .raw(element(0x1F43B675, new Bytes().raw(element(0xE7, big(0, 1))).raw(block).toArray())).toArray();
    return new Bytes().raw(element(0x1A45DFA3, element(0x4282, Target.utf8("matroska")))).raw(element(0x18538067, segment)).toArray();
  }

  private static byte[] element(int id, byte[] content) {
    int idBytes = (32 - Integer.numberOfLeadingZeros(id) + 7) / 8;
    return new Bytes().raw(big(Integer.toUnsignedLong(id), idBytes)).raw(big(0x4000 | content.length, 2)).raw(content).toArray();
  }

  /** So many chunks of so many frames, which all lie in the same place. */
  static byte[] quickTime(int chunks, int frames) {
    int all = chunks * frames;
    byte[] mdhd = box("mdhd", new Bytes().raw(new byte[12]).raw(big(RATE, 4)).raw(big(all, 4)).raw(new byte[4]).toArray());
    byte[] hdlr = box("hdlr", new Bytes().raw(new byte[4]).text("mhlrsoun").raw(new byte[13]).toArray());
    byte[] stsd = box("stsd", new Bytes().raw(big(0, 4)).raw(big(1, 4)).raw(box("sowt", new Bytes().raw(new byte[6]).raw(big(1, 2)).raw(new byte[8])
        .raw(big(1, 2)).raw(big(16, 2)).raw(new byte[4]).raw(big(RATE, 2)).raw(big(0, 2)).toArray())).toArray());
    byte[] stts = box("stts", new Bytes().raw(big(0, 4)).raw(big(1, 4)).raw(big(all, 4)).raw(big(1, 4)).toArray());
    byte[] stsc = box("stsc", new Bytes().raw(big(0, 4)).raw(big(1, 4)).raw(big(1, 4)).raw(big(frames, 4)).raw(big(1, 4)).toArray());
    byte[] stsz = box("stsz", new Bytes().raw(big(0, 4)).raw(big(2, 4)).raw(big(all, 4)).toArray());
    Bytes places = new Bytes().raw(big(0, 4)).raw(big(chunks, 4));
    for (int i = 0; i < chunks; i++) {
      places.raw(big(28, 4));
    }
    byte[] stco = box("stco", places.toArray());
    byte[] stbl = box("stbl", new Bytes().raw(stsd).raw(stts).raw(stsc).raw(stsz).raw(stco).toArray());
    byte[] minf = box("minf", new Bytes().raw(box("smhd", new byte[8])).raw(stbl).toArray());
    byte[] mdia = box("mdia", new Bytes().raw(mdhd).raw(hdlr).raw(minf).toArray());
    byte[] tkhd = box("tkhd", new Bytes().raw(big(7, 4)).raw(new byte[8]).raw(big(1, 4)).raw(new byte[68]).toArray());
    byte[] mvhd = box("mvhd", new Bytes().raw(new byte[12]).raw(big(RATE, 4)).raw(big(all, 4)).raw(new byte[80]).toArray());
    return new Bytes().raw(box("ftyp", Target.utf8("qt  \0\0\0\0qt  "))).raw(box("mdat", samples(2 * frames)))
        .raw(box("moov", new Bytes().raw(mvhd).raw(box("trak", new Bytes().raw(tkhd).raw(mdia).toArray())).toArray())).toArray();
  }

  private static byte[] box(String type, byte[] content) {
    return new Bytes().raw(big(8 + content.length, 4)).text(type).raw(content).toArray();
  }

  /** Three silent frames of MPEG 1 layer III, 32 kbit/s, 44.1 kHz, mono. */
  private static byte[] mp3() {
    Bytes out = new Bytes();
    for (int frame = 0; frame < 3; frame++) {
      out.raw((byte) 0xFF, (byte) 0xFB, (byte) 0x10, (byte) 0xC0).raw(new byte[100]);
    }
    return out.toArray();
  }

  private static byte[] latin(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
