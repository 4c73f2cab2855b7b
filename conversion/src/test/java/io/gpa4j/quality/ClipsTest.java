package io.gpa4j.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gpa4j.GpaIoException;
import io.gpa4j.ModelFormatException;
import io.gpa4j.quality.Clips.Clip;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A folder of clips is read with what is known of them. */
class ClipsTest {
  @TempDir Path folder;

  @BeforeEach
  void fill() throws IOException {
    Files.createDirectories(folder.resolve("voices"));
    for (String file : new String[] {"b.wav", "a.wav", "c.txt", "voices/dora.wav", "voices/adam.wav", "voices/emil.wav"}) {
      Files.createFile(folder.resolve(file));
    }
  }

  private void list(String json) throws IOException {
    Files.writeString(folder.resolve("clips.json"), json);
  }

  @Test
  void read_withoutAList_takesTheSounds() {
    Clips clips = Clips.read(folder);
    assertThat(clips.all()).extracting(Clip::name).containsExactly("a.wav", "b.wav");
    assertThat(clips.told()).isEmpty();
    assertThat(clips.spoken()).isEmpty();
  }

  @Test
  void read_withAList_takesThatOne() throws IOException {
    list("[{\"file\": \"b.wav\", \"voice\": \"dora\", \"text\": \"hello\"}, {\"file\": \"a.wav\", \"voice\": \"nobody\", \"text\": \"yes\"},"
        + " {\"file\": \"a.wav\", \"voice\": null}]");
    Clips clips = Clips.read(folder);
    assertThat(clips.all()).extracting(Clip::name).containsExactly("b.wav", "a.wav", "a.wav");
    assertThat(clips.told()).extracting(Clip::text).containsExactly("hello", "yes");
    assertThat(clips.spoken()).extracting(Clip::text).containsExactly("hello");
  }

  @Test
  void voice_isAnotherThanTheClips_inTurn() throws IOException {
    list("[{\"file\": \"b.wav\", \"voice\": \"dora\", \"text\": \"hello\"}]");
    Clips clips = Clips.read(folder);
    Clip clip = clips.all().get(0);
    assertThat(clips.voice(clip, 0)).endsWithRaw(Path.of("voices/adam.wav"));
    assertThat(clips.voice(clip, 1)).endsWithRaw(Path.of("voices/emil.wav"));
    assertThat(clips.voice(clip, 2)).endsWithRaw(Path.of("voices/adam.wav"));
    for (String voice : new String[] {"dora", "adam", "emil"}) {
      Files.delete(folder.resolve("voices/" + voice + ".wav"));
    }
    Clips alone = Clips.read(folder);
    assertThat(alone.spoken()).hasSize(1);
    assertThat(alone.voice(clip, 1)).isEqualTo(clip.file());
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "[", "[{\"text\": \"hello\"}]", "[{\"file\": 3}]", "[{\"file\": \"a.wav\", \"text\": 5}]", "[7]", "[{\"file\": \"\\u0000\"}]"})
  void read_aListThatIsNone_isNamed(String json) throws IOException {
    list(json);
    assertThatThrownBy(() -> Clips.read(folder)).isInstanceOf(ModelFormatException.class).hasMessageContaining("clips.json");
  }

  @Test
  void read_filesThatAreNotThere_areNamed() throws IOException {
    list("[{\"file\": \"none.wav\"}]");
    assertThatThrownBy(() -> Clips.read(folder)).isInstanceOf(GpaIoException.class).hasMessageContaining("none.wav");
    assertThatThrownBy(() -> Clips.read(folder.resolve("nowhere"))).isInstanceOf(GpaIoException.class).hasMessageContaining("nowhere");
    assertThatThrownBy(() -> Clips.read(Files.createDirectories(folder.resolve("empty")))).isInstanceOf(GpaIoException.class)
        .hasMessageContaining("no clips");
    list("[]");
    assertThatThrownBy(() -> Clips.read(folder)).isInstanceOf(GpaIoException.class).hasMessageContaining("no clips");
  }
}
