package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gpa4j.AudioSource;
import io.gpa4j.Gpa;
import io.gpa4j.Speech;
import io.gpa4j.SpeechOptions;
import io.gpa4j.Voice;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The demo model listens, speaks and converts as well as the reference says it does. */
class DemoIT {
  // One seed on 135 words: two standard deviations, words of a sentence counted as one draw.
  private static final double SPREAD_PERCENT = 13;
  // Recognition alone knows the voices of the clips after these.
  private static final int CLIPS_OF_SPEAKERS = 24;

  private static Gpa gpa;
  private static Map<String, Voice> voices;

  @BeforeAll
  static void open() {
    gpa = Gpa.builder(Project.demoModel()).build();
    voices = new TreeMap<>();
    for (String name : Demo.VOICES) {
      voices.put(name, gpa.enroll(name, AudioSource.of(Demo.voice(name))));
    }
  }

  @AfterAll
  static void close() {
    gpa.close();
  }

  @Test
  void recognition_ofAllClips_isTheReferencesInEveryType() {
    List<Demo.Clip> clips = Demo.clips();
    List<String> heard = clips.stream().map(clip -> gpa.transcribe(AudioSource.of(clip.file())).text()).toList();
    int wrong = 0;
    int words = 0;
    for (int i = 0; i < clips.size(); i++) {
      wrong += Demo.wordsWrong(clips.get(i).text(), heard.get(i));
      words += Demo.wordCount(clips.get(i).text());
    }
    assertThat(100.0 * wrong / words).isCloseTo(Demo.figure("recognition words wrong"), within(0.06));
    for (String type : List.of("f32", "f16")) {
      Path model = Models.demo(type);
      try (Gpa other = Gpa.builder(model).build()) {
        for (int i = 0; i < clips.size(); i++) {
          assertThat(other.transcribe(AudioSource.of(clips.get(i).file())).text()).as("%s, %s", type, clips.get(i)).isEqualTo(heard.get(i));
        }
      }
    }
  }

  @Test
  void speech_ofTheClipsTexts_isHeardAsWellAsTheReferences() {
    int wrong = 0;
    int words = 0;
    List<Demo.Clip> clips = Demo.clips().subList(0, CLIPS_OF_SPEAKERS);
    for (int i = 0; i < clips.size(); i++) {
      Demo.Clip clip = clips.get(i);
      try (Speech speech = gpa.speak(clip.text(), otherVoice(clip, i), likeTheReference(i))) {
        wrong += Demo.wordsWrong(clip.text(), gpa.transcribe(AudioSource.of(speech.buffer())).text());
        words += Demo.wordCount(clip.text());
      }
    }
    assertThat(100.0 * wrong / words).isLessThan(Demo.figure("speech words wrong") + SPREAD_PERCENT);
  }

  @Test
  void conversion_ofTheClips_isHeardAsWellAsTheReferences() {
    int wrong = 0;
    int words = 0;
    List<Demo.Clip> clips = Demo.clips().subList(0, CLIPS_OF_SPEAKERS);
    for (int i = 0; i < clips.size(); i++) {
      Demo.Clip clip = clips.get(i);
      try (Speech speech = gpa.convert(AudioSource.of(clip.file()), otherVoice(clip, i), likeTheReference(i))) {
        wrong += Demo.wordsWrong(clip.text(), gpa.transcribe(AudioSource.of(speech.buffer())).text());
        words += Demo.wordCount(clip.text());
      }
    }
    assertThat(100.0 * wrong / words).isLessThan(Demo.figure("conversion words wrong") + SPREAD_PERCENT);
  }

  @Test
  void voices_areApart_andTheSameClipIsTheSameVoice() {
    assertThat(voices.values().stream().map(voice -> List.of(voice.tokens())).distinct()).hasSize(Demo.VOICES.size());
    assertThat(gpa.enroll("adam", AudioSource.of(Demo.voice("adam")))).isEqualTo(voices.get("adam"));
  }

  /** Three other voices than the clip's, in turn. */
  private static Voice otherVoice(Demo.Clip clip, int turn) {
    List<String> others = Demo.VOICES.stream().filter(name -> !name.equals(clip.voice())).toList();
    return voices.get(others.get(turn % others.size()));
  }

  private static SpeechOptions likeTheReference(int seed) {
    return SpeechOptions.builder().sampling(gpa.speechSampling().withRepetitionPenalty(1)).seed(seed).build();
  }
}
