package io.gpa4j;

import io.gpa4j.internal.JobProgress;
import io.gpa4j.internal.NativeEngine;
import io.gpa4j.internal.NativeRequest;
import io.gpa4j.internal.NativeTask;
import io.gpa4j.internal.Pcm;
import io.gpa4j.internal.ProgressReporter;
import io.gpa4j.internal.RequestFuture;
import io.gpa4j.internal.Segmenter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Jobs that turn audio into text. */
final class Listening {
  private record Span(long begin, long end) {}

  private final NativeEngine engine;
  private final ModelText text;
  private final ProgressReporter reporter;

  Listening(NativeEngine engine, ModelText text, ProgressReporter reporter) {
    this.engine = engine;
    this.text = text;
    this.reporter = reporter;
  }

  /** Of audio of any length. */
  RequestFuture<Transcription> transcription(AudioSource audio, TranscribeOptions options) {
    List<Span> spans = new ArrayList<>();
    JobProgress progress = JobProgress.ofListening(reporter, options.progress());
    return RequestFuture.ofMany(engine, progress,
        tasks -> {
          audio.cut(new Segmenter(audio.toString(), options.segmentation(), false, segment -> {
            long before = end(spans);
            spans.add(new Span(segment.begin(), segment.end()));
            tasks.accept(task(segment.pcm(), options).covers(segment.end() - before));
          }).telling(progress::expect));
          progress.expect(end(spans));
        },
        requests -> {
          Timings timings = Timings.of(requests);
          List<Transcription.Segment> segments = new ArrayList<>();
          for (int i = 0; i < spans.size(); i++) {
            segments.add(segment(spans.get(i).begin(), spans.get(i).end(), requests.get(i)));
          }
          return Transcription.of(segments, timings);
        });
  }

  private static long end(List<Span> spans) {
    return spans.isEmpty() ? 0 : spans.get(spans.size() - 1).end();
  }

  /** Of one segment. */
  Transcription.Segment hear(Segmenter.Segment segment, TranscribeOptions options) {
    return new RequestFuture<>(engine, () -> task(segment.pcm(), options), request -> segment(segment.begin(), segment.end(), request)).run();
  }

  private Transcription.Segment segment(long begin, long end, NativeRequest request) {
    try (request) {
      return new Transcription.Segment(text.decode(request.ids()), time(begin), time(end));
    }
  }

  private static Duration time(long samples) {
    return Duration.ofNanos(samples * (1_000_000_000 / Speech.SAMPLE_RATE));
  }

  private static NativeTask task(Pcm pcm, TranscribeOptions options) {
    return Speaking.sampled(NativeTask.transcribe(pcm), options.sampling(), options.seed())
        .allowed(options.fullVocabulary() ? 1 : 0).maxTokens(options.maxTokens());
  }
}
