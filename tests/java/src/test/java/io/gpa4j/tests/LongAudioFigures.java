package io.gpa4j.tests;

import io.gpa4j.AudioSource;
import io.gpa4j.Gpa;
import io.gpa4j.TranscribeOptions;
import io.gpa4j.Transcription;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Prints the figures of docs/long-audio.md. */
final class LongAudioFigures {
  private LongAudioFigures() {}

  public static void main(String[] args) {
    List<Demo.Clip> clips = Demo.clips();
    Recording recording = new Recording(clips);
    try (Gpa gpa = Gpa.builder(Project.demoModel()).build()) {
      System.out.println("| noise | missed speech | pauses taken for speech | segments | words wrong, cut at pauses | words wrong, clips alone |");
      System.out.println("| --- | --- | --- | --- | --- | --- |");
      row(gpa, "none", recording, recording.samples());
      for (Recording.Noise noise : Recording.Noise.values()) {
        for (int snr : new int[] {30, 20, 10, 5, 0}) {
          row(gpa, noise.name().toLowerCase(Locale.ROOT) + ", " + snr + " dB", recording, recording.noisy(noise, snr));
        }
      }
    }
  }

  private static void row(Gpa gpa, String name, Recording recording, float[] samples) {
    VoiceActivityTest.Figures figures = VoiceActivityTest.figures(samples, recording.speech());
    Transcription cut = gpa.transcribe(AudioSource.of(samples), TranscribeOptions.defaults());
    List<String> alone = recording.places().stream()
        .map(place -> gpa.transcribe(AudioSource.of(Arrays.copyOfRange(samples, place.begin(), place.end()))).text()).toList();
    System.out.printf(Locale.ROOT, "| %s | %.1f %% | %.1f %% | %d | %.1f %% | %.1f %% |%n", name, figures.missed(), figures.taken(),
        cut.segments().size(), wrong(recording, cut.text()), wrong(recording, String.join(" ", alone)));
  }

  /** Words wrong, in percent. */
  static double wrong(Recording recording, String heard) {
    String said = recording.places().stream().map(place -> place.clip().text()).collect(Collectors.joining(" "));
    return 100.0 * Demo.wordsWrong(said, heard) / Demo.wordCount(said);
  }
}
