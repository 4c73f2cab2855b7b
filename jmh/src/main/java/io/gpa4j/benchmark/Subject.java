package io.gpa4j.benchmark;

import java.nio.file.Path;

/**
 * What is measured.
 *
 * @param model the model file
 * @param threads compute threads
 * @param precision EXACT or FAST
 * @param programs folder of {@code bench_api} and {@code bench_engine}
 */
record Subject(Path model, int threads, String precision, Path programs) {}
