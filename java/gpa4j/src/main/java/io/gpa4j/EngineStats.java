package io.gpa4j;

/**
 * What a {@link Gpa} does now, and what it did since it was built. Counters only grow; they are read one by one while they change, so
 * that two of them may be a moment apart.
 *
 * <pre>{@code
 * EngineStats stats = gpa.stats();
 * System.out.printf("%d run, %d wait, %.1f requests a step, %.2f s of computing per second of speech%n",
 *     stats.running(), stats.queued(), stats.meanBatch(), stats.realTimeFactor());
 * }</pre>
 *
 * @param running requests now that began and have not ended
 * @param queued requests now that wait to begin
 * @param done requests that ended well
 * @param refused requests that found the queue full, see {@link Gpa.Builder#refuseWhenFull}
 * @param cancelled requests that were cancelled, by closing too
 * @param failed requests that ended otherwise
 * @param steps passes of the decoder
 * @param stepRequests requests in all of them together
 * @param rows tokens in all of them together, of prompts and answers
 * @param prefixRows prompt tokens that were not read again, as another prompt began alike
 * @param kvPagesUsed pages of the key/value cache in use now, those kept for prompts to come too
 * @param kvPagesShared those of them that several requests share
 * @param kvPagesTotal most that there may be
 * @param audioSamples samples of speech made, {@link Speech#SAMPLE_RATE} a second
 * @param busyMicros time in which the engine computed
 * @param firstAudioCount streams whose first chunk was made
 * @param firstAudioTotalMicros their times from submission to that, summed
 * @param firstAudioP50Micros the time that half of them did not exceed, at most 9 % too high; 0 before the first
 * @param firstAudioP95Micros the time that 95 % of them did not exceed, likewise
 */
public record EngineStats(
    long running,
    long queued,
    long done,
    long refused,
    long cancelled,
    long failed,
    long steps,
    long stepRequests,
    long rows,
    long prefixRows,
    long kvPagesUsed,
    long kvPagesShared,
    long kvPagesTotal,
    long audioSamples,
    long busyMicros,
    long firstAudioCount,
    long firstAudioTotalMicros,
    long firstAudioP50Micros,
    long firstAudioP95Micros) {

  /**
   * Requests in a pass of the decoder, on average.
   *
   * @return 1 or more; 0 before the first pass
   */
  public double meanBatch() {
    return steps == 0 ? 0 : (double) stepRequests / steps;
  }

  /**
   * Time computed, for whatever request, per time of speech made.
   *
   * @return 0 before the first speech
   */
  public double realTimeFactor() {
    return audioSamples == 0 ? 0 : busyMicros * 1e-6 * Speech.SAMPLE_RATE / audioSamples;
  }
}
