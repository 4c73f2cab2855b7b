package io.gpa4j.tests.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gpa4j.AudioFormatException;
import io.gpa4j.AudioSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What FFmpeg is allowed to do for a file: to read it, within its bytes, by decoders that are in use. */
class ForeignAudioTest {
  private static final int FLASH_ADPCM = 0x5346;

  @TempDir
  private Path folder;

  private Path file(byte[] content) throws IOException {
    return Files.write(folder.resolve("clip.audio"), content);
  }

  private void isRefused(byte[] content, String... words) throws IOException {
    Path file = file(content);
    assertThatThrownBy(() -> AudioSource.of(file).mixedSamples()).isInstanceOf(AudioFormatException.class).hasMessageContaining("clip.audio")
        .hasMessageContainingAll(words);
  }

  // Each of them would open other files, or the network.
  @ParameterizedTest
  @ValueSource(strings = {"ffconcat version 1.0\nfile 'other.wav'\n", "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nother.wav\n",
      "#EXTM3U\nhttp://127.0.0.1:9/other.wav\n", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
      "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"><Period></Period></MPD>", ";FFMETADATA1\ntitle=x\n",
      "subfile,,start,0,end,9,,:other.wav"})
  void listsOfOtherFiles_areNotFollowed(String text) throws IOException {
    Files.write(folder.resolve("other.wav"), Sounds.wav(1, 16, 1, 16_000));
    isRefused(Target.utf8(text), "FFmpeg");
  }

  @Test
  void decodersThatNobodyUses_areNotOpened() throws IOException {
    isRefused(Sounds.wav(FLASH_ADPCM, 16, 1, 11_025), "decoder");
  }

  @Test
  void anIndexThatNamesTheSameBytesAgainAndAgain_isRefused() throws IOException {
    isRefused(Sounds.quickTime(2000, 5000), "again and again");
    assertThat(AudioSource.of(file(Sounds.quickTime(2, 5000))).mixedSamples()).hasSize(10_000);
  }

  @Test
  void channelsAndRates_thatAreNotTaken_areRefused() throws IOException {
    assertThat(AudioSource.of(file(Sounds.rifx(64, 16_000))).mixedSamples()).hasSize(100);
    isRefused(Sounds.rifx(65, 16_000), "65 channels");
    isRefused(Sounds.rifx(1, 2_000_000), "2000000 Hz");
  }
}
