package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.gpa4j.Subtitles;
import io.gpa4j.Transcription;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SubtitlesTest {
  @TempDir Path folder;

  private static Subtitles of(String text, long startMillis, long endMillis) {
    return Subtitles.of(List.of(new Transcription.Segment(text, Duration.ofMillis(startMillis), Duration.ofMillis(endMillis))));
  }

  @Test
  void shortText_isOneCue_inBothFormats() throws Exception {
    Subtitles subtitles = of(" hello  there\n", 3_723_004, 3_725_500);
    String srt = "1\n01:02:03,004 --> 01:02:05,500\nhello there\n\n";
    assertThat(subtitles.srt()).isEqualTo(srt);
    assertThat(subtitles.vtt()).isEqualTo("WEBVTT\n\n01:02:03.004 --> 01:02:05.500\nhello there\n\n");
    subtitles.writeSrt(folder.resolve("a.srt"));
    subtitles.writeVtt(folder.resolve("a.vtt"));
    assertThat(folder.resolve("a.srt")).hasContent(srt);
    assertThat(Files.readString(folder.resolve("a.vtt"))).isEqualTo(subtitles.vtt());
  }

  @Test
  void markup_isText() {
    Subtitles subtitles = of("a <b> & c --> d {\\an8}", 0, 1000);
    assertThat(subtitles.vtt()).contains("a &lt;b&gt; &amp; c --&gt; d {\\an8}\n");
    assertThat(subtitles.srt()).contains("a ‹b› & c --› d { \\an8}\n").doesNotContain("<b");
  }

  @Test
  void longText_isDividedInTime_byItsLength() {
    String text = "the quick brown fox jumps over the lazy dog and then it runs away from all of them ".repeat(4);
    List<Subtitles.Cue> cues = of(text, 1000, 21_000).cues();
    assertThat(cues).hasSizeGreaterThan(3);
    assertThat(cues.get(0).start()).isEqualTo(Duration.ofSeconds(1));
    assertThat(cues.get(cues.size() - 1).end()).isEqualTo(Duration.ofSeconds(21));
    double perCharacter = 20_000.0 / text.strip().length();
    for (int i = 0; i < cues.size(); i++) {
      Subtitles.Cue cue = cues.get(i);
      assertThat(cue.lines()).hasSizeBetween(1, 2).allMatch(line -> !line.isBlank() && line.length() <= 42);
      assertThat((double) cue.end().minus(cue.start()).toMillis() / cue.lines().stream().mapToInt(String::length).sum())
          .isBetween(perCharacter * 0.9, perCharacter * 1.1);
      assertThat(cue.start()).isEqualTo(i == 0 ? Duration.ofSeconds(1) : cues.get(i - 1).end());
    }
    assertThat(String.join(" ", cues.stream().flatMap(cue -> cue.lines().stream()).toList())).isEqualTo(text.strip());
  }

  @Test
  void linesOfOneCue_areOfLikeLength() {
    List<String> lines = of("this sentence is a little longer than one line", 0, 1000).cues().get(0).lines();
    assertThat(lines).containsExactly("this sentence is a little", "longer than one line");
  }

  @Test
  void eastAsianText_andWordsWithoutEnd_areBrokenAnywhere() {
    assertThat(of("字".repeat(50), 0, 1000).cues().get(0).lines()).allMatch(line -> line.length() <= 21);
    List<Subtitles.Cue> cues = of("x".repeat(100), 0, 1000).cues();
    assertThat(cues).hasSize(2).allSatisfy(cue -> assertThat(cue.lines()).allMatch(line -> line.length() <= 42));
  }

  @Test
  void segmentsWithoutText_showNothing() {
    assertThat(of(" \u0007\n", 0, 1000).cues()).isEmpty();
    assertThat(of("", 0, 1000).vtt()).isEqualTo("WEBVTT\n\n");
  }
}
