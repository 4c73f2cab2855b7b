package io.gpa4j;

import io.gpa4j.internal.AtomicFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * Subtitles of a transcription: at most two lines of at most 42 columns each, East Asian characters counting two. A segment
 * with more text is divided into cues whose times are in proportion to their text. Immutable.
 *
 * <pre>{@code
 * Subtitles.of(gpa.transcribe(AudioSource.of(Path.of("talk.wav")))).writeSrt(Path.of("talk.srt"));
 * }</pre>
 */
public final class Subtitles {
  /**
   * What is shown at once.
   *
   * @param start from when, in the recording
   * @param end until when
   * @param lines one or two, without markup
   */
  public record Cue(Duration start, Duration end, List<String> lines) {
    /** Copies the lines. */
    public Cue {
      lines = List.copyOf(lines);
    }
  }

  private static final int COLUMNS = 42;
  private static final int LINES = 2;

  private final List<Cue> cues;

  private Subtitles(List<Cue> cues) {
    this.cues = List.copyOf(cues);
  }

  /**
   * Of what was heard.
   *
   * @param transcription with its segments
   * @return subtitles; none for segments without text
   */
  public static Subtitles of(Transcription transcription) {
    return of(transcription.segments());
  }

  /**
   * Of segments in order.
   *
   * @param segments texts and times
   * @return subtitles; none for segments without text
   */
  public static Subtitles of(List<Transcription.Segment> segments) {
    List<Cue> cues = new ArrayList<>();
    segments.forEach(segment -> divide(segment, cues));
    return new Subtitles(cues);
  }

  /**
   * What is shown when.
   *
   * @return in order
   */
  public List<Cue> cues() {
    return cues;
  }

  /**
   * As SubRip.
   *
   * @return the content of an .srt file
   */
  public String srt() {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < cues.size(); i++) {
      Cue cue = cues.get(i);
      out.append(i + 1).append('\n').append(time(cue.start(), ',')).append(" --> ").append(time(cue.end(), ',')).append('\n');
      // SubRip knows no escapes, but players read tags: a sign of the same look begins none.
      cue.lines().forEach(line -> out.append(line.replace('<', '‹').replace('>', '›').replace("{\\", "{ \\")).append('\n'));
      out.append('\n');
    }
    return out.toString();
  }

  /**
   * As WebVTT.
   *
   * @return the content of a .vtt file
   */
  public String vtt() {
    StringBuilder out = new StringBuilder("WEBVTT\n\n");
    for (Cue cue : cues) {
      out.append(time(cue.start(), '.')).append(" --> ").append(time(cue.end(), '.')).append('\n');
      cue.lines().forEach(line -> out.append(line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")).append('\n'));
      out.append('\n');
    }
    return out.toString();
  }

  /**
   * Writes a SubRip file in UTF-8, whole or not at all.
   *
   * @param path the file to write or replace
   * @throws GpaIoException if it cannot be written
   */
  public void writeSrt(Path path) {
    write(path, srt());
  }

  /**
   * Writes a WebVTT file, whole or not at all.
   *
   * @param path the file to write or replace
   * @throws GpaIoException if it cannot be written
   */
  public void writeVtt(Path path) {
    write(path, vtt());
  }

  private static void write(Path path, String content) {
    Objects.requireNonNull(path, "path");
    AtomicFile.write(path, out -> out.write(content.getBytes(StandardCharsets.UTF_8)));
  }

  private static String time(Duration time, char decimal) {
    return String.format(Locale.ROOT, "%02d:%02d:%02d%c%03d", time.toHours(), time.toMinutesPart(), time.toSecondsPart(), decimal, time.toMillisPart());
  }

  private static void divide(Transcription.Segment segment, List<Cue> cues) {
    List<String> lines = lines(segment.text());
    long columns = lines.stream().mapToLong(Subtitles::columns).sum();
    long nanos = segment.end().minus(segment.start()).toNanos();
    int count = (lines.size() + LINES - 1) / LINES;
    long before = 0;
    for (int i = 0; i < count; i++) {
      // As many lines in each cue as in the others: two, or one in the last.
      List<String> shown = lines.subList(LINES * i, Math.min(lines.size(), LINES * (i + 1)));
      long behind = before + shown.stream().mapToLong(Subtitles::columns).sum();
      cues.add(new Cue(segment.start().plusNanos(part(nanos, before, columns)), segment.start().plusNanos(part(nanos, behind, columns)), shown));
      before = behind;
    }
  }

  private static long part(long nanos, long columns, long ofColumns) {
    return (long) ((double) nanos * columns / ofColumns);
  }

  // Broken between words, as evenly as so many lines allow; a word longer than a line, and East Asian text, anywhere.
  private static List<String> lines(String text) {
    // A cue ends at an empty line, and control characters are no text.
    String plain = text.replaceAll("[\\s\\p{Cntrl}\\u2028\\u2029]+", " ").strip();
    if (plain.isEmpty()) {
      return List.of();
    }
    List<String> widest = broken(plain, COLUMNS);
    for (int columns = (columns(plain) + widest.size() - 1) / widest.size(); columns < COLUMNS; columns++) {
      List<String> even = broken(plain, columns);
      if (even.size() <= widest.size()) {
        return even;
      }
    }
    return widest;
  }

  private static List<String> broken(String text, int width) {
    List<String> lines = new ArrayList<>();
    int begin = 0;
    while (begin < text.length()) {
      int end = begin;
      int used = 0;
      int space = -1;
      while (end < text.length() && used + columns(text.codePointAt(end)) <= width) {
        used += columns(text.codePointAt(end));
        end += Character.charCount(text.codePointAt(end));
        if (end < text.length() && (text.charAt(end) == ' ' || columns(text.codePointAt(end)) == 2)) {
          space = end;
        }
      }
      int cut = end == text.length() || space < 0 ? end : space;
      lines.add(text.substring(begin, cut).strip());
      begin = cut < text.length() && text.charAt(cut) == ' ' ? cut + 1 : cut;
    }
    return lines;
  }

  private static int columns(String text) {
    return text.codePoints().map(Subtitles::columns).sum();
  }

  private static int columns(int character) {
    return switch (Character.UnicodeScript.of(character)) {
      case HAN, HIRAGANA, KATAKANA, HANGUL -> 2;
      default -> 1;
    };
  }
}
