package io.gpa4j.internal;

import java.nio.FloatBuffer;
import java.util.List;

/** Speech that is made in parts. */
public final class SpeechParts {
  /** Takes the parts in order. */
  public interface Taker {
    /** So many samples of silence, then what the task makes; a null task stands for no more than the silence. */
    void part(long silence, NativeTask task);
  }

  private SpeechParts() {}

  /** What requests made, with silences[i] samples of silence before the i-th and behind the last one; the requests are closed. */
  public static Pcm joined(List<NativeRequest> requests, long[] silences) {
    long samples = 0;
    for (NativeRequest request : requests) {
      samples += request.pcm().remaining();
    }
    for (long silence : silences) {
      samples += silence;
    }
    Pcm joined = Pcm.silent("speech", samples);
    long at = 0;
    for (int i = 0; i < requests.size(); i++) {
      FloatBuffer made = requests.get(i).pcm();
      at += silences[i];
      joined.write(at, made);
      at += made.remaining();
      requests.get(i).close();
    }
    return joined;
  }
}
