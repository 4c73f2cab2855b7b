package io.gpa4j.micrometer;

import io.gpa4j.EngineStats;
import io.gpa4j.Gpa;
import io.gpa4j.Speech;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/**
 * Shows the {@link EngineStats} of a {@link Gpa} to Micrometer. Needs {@code io.micrometer:micrometer-core}, which the library does not
 * bring. After {@link Gpa#close()} the meters keep their last values.
 *
 * <pre>{@code
 * new GpaMetrics(gpa, List.of(Tag.of("model", "gpa-0.3b"))).bindTo(registry);
 * }</pre>
 *
 * <p>Gauges: {@code gpa.requests.running}, {@code gpa.requests.queued}, {@code gpa.decoder.batch} (mean requests in a step),
 * {@code gpa.kv.pages} (tag {@code state}: used, shared, total), {@code gpa.first.audio.quantile} (tag {@code quantile}: 0.5, 0.95).
 * Counters: {@code gpa.requests} (tag {@code outcome}: done, refused, cancelled, failed), {@code gpa.decoder.steps},
 * {@code gpa.decoder.rows}, {@code gpa.decoder.prefix.rows}, {@code gpa.audio.seconds}, {@code gpa.busy.seconds}. Timer:
 * {@code gpa.first.audio}.
 */
public final class GpaMetrics implements MeterBinder {
  private final Gpa gpa;
  private final Iterable<Tag> tags;
  private volatile EngineStats last;

  /**
   * Meters of one engine.
   *
   * @param gpa whose
   * @param tags of every meter, to tell several engines apart
   * @throws IllegalStateException if it is closed
   */
  public GpaMetrics(Gpa gpa, Iterable<Tag> tags) {
    this.gpa = Objects.requireNonNull(gpa, "gpa");
    this.tags = Objects.requireNonNull(tags, "tags");
    this.last = gpa.stats();
  }

  /**
   * Meters of one engine, without tags of their own.
   *
   * @param gpa whose
   * @throws IllegalStateException if it is closed
   */
  public GpaMetrics(Gpa gpa) {
    this(gpa, List.of());
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    gauge(registry, "gpa.requests.running", "Requests that run", "requests", EngineStats::running);
    gauge(registry, "gpa.requests.queued", "Requests that wait", "requests", EngineStats::queued);
    gauge(registry, "gpa.decoder.batch", "Mean requests in a step of the decoder", "requests", EngineStats::meanBatch);
    String pages = "Pages of the key/value cache";
    gauge(registry, "gpa.kv.pages", pages, "pages", EngineStats::kvPagesUsed, "state", "used");
    gauge(registry, "gpa.kv.pages", pages, "pages", EngineStats::kvPagesShared, "state", "shared");
    gauge(registry, "gpa.kv.pages", pages, "pages", EngineStats::kvPagesTotal, "state", "total");
    String outcomes = "Requests that ended, by how they did";
    counter(registry, "gpa.requests", outcomes, EngineStats::done, "outcome", "done");
    counter(registry, "gpa.requests", outcomes, EngineStats::refused, "outcome", "refused");
    counter(registry, "gpa.requests", outcomes, EngineStats::cancelled, "outcome", "cancelled");
    counter(registry, "gpa.requests", outcomes, EngineStats::failed, "outcome", "failed");
    counter(registry, "gpa.decoder.steps", "Passes of the decoder", EngineStats::steps);
    counter(registry, "gpa.decoder.rows", "Tokens that passed the decoder", EngineStats::rows);
    counter(registry, "gpa.decoder.prefix.rows", "Prompt tokens that were shared", EngineStats::prefixRows);
    counter(registry, "gpa.audio.seconds", "Speech made", stats -> (double) stats.audioSamples() / Speech.SAMPLE_RATE);
    counter(registry, "gpa.busy.seconds", "Time computed", stats -> stats.busyMicros() * 1e-6);
    FunctionTimer.builder("gpa.first.audio", this, m -> now().firstAudioCount(), m -> now().firstAudioTotalMicros(), TimeUnit.MICROSECONDS)
        .description("From submission to the first chunk of speech").tags(tags).register(registry);
    quantile(registry, "0.5", EngineStats::firstAudioP50Micros);
    quantile(registry, "0.95", EngineStats::firstAudioP95Micros);
  }

  // Registries hold the object weakly and the function strongly: functions that see this keep it alive.

  private void gauge(MeterRegistry registry, String name, String what, String unit, ToDoubleFunction<EngineStats> value, String... more) {
    Gauge.builder(name, this, m -> value.applyAsDouble(now())).description(what).baseUnit(unit).tags(tags).tags(more).register(registry);
  }

  private void counter(MeterRegistry registry, String name, String what, ToDoubleFunction<EngineStats> value, String... more) {
    FunctionCounter.builder(name, this, m -> value.applyAsDouble(now())).description(what).tags(tags).tags(more).register(registry);
  }

  private void quantile(MeterRegistry registry, String quantile, ToLongFunction<EngineStats> micros) {
    TimeGauge.builder("gpa.first.audio.quantile", this, TimeUnit.MICROSECONDS, m -> micros.applyAsLong(now()))
        .description("From submission to the first chunk of speech").tags(tags).tag("quantile", quantile).register(registry);
  }

  private EngineStats now() {
    try {
      last = gpa.stats();
    } catch (IllegalStateException closed) {
      // The last values stay.
    }
    return last;
  }
}
