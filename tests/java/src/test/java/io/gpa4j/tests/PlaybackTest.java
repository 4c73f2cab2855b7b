package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gpa4j.quality.Playback;
import org.junit.jupiter.api.Test;

class PlaybackTest {
  private static Playback player(double... arrivals) {
    Playback player = new Playback(0.1, 16_000);
    for (double arrival : arrivals) {
      player.chunk(arrival, 3200);
    }
    return player;
  }

  @Test
  void chunksThatComeInTime_leaveNoGap() {
    assertThat(player().isContinuous()).isTrue();
    assertThat(player(5).isContinuous()).isTrue();
    // 0.2 s each, heard from 5.1 on: the second one is wanted at 5.3, the third one at 5.5.
    assertThat(player(5, 5.29, 5.49).isContinuous()).isTrue();
    assertThat(player(5, 5.29, 5.49).longestGapSeconds()).isZero();
  }

  @Test
  void chunkThatComesLate_isAGap_andMovesWhatFollows() {
    Playback player = player(5, 5.4, 5.59, 6.0);
    assertThat(player.isContinuous()).isFalse();
    assertThat(player.longestGapSeconds()).isCloseTo(0.2, within(1e-9));
  }

  @Test
  void chunksAhead_makeUpForALateOne() {
    assertThat(player(5, 5, 5, 5.69).isContinuous()).isTrue();
    assertThat(player(5, 5, 5, 5.75).longestGapSeconds()).isCloseTo(0.05, within(1e-9));
  }
}
