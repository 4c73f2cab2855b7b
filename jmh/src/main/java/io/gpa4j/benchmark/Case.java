package io.gpa4j.benchmark;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A case that both sides know: its name in {@code tests/native/bench/api.cc}, and the JMH benchmark with its parameters.
 *
 * @param audioSeconds of audio heard or spoken; 0: none
 * @param sequences side by side; 0: no matter of tokens
 */
record Case(String name, String benchmark, Map<String, String> parameters, int audioSeconds, int sequences) {
  private static final List<String> NETWORKS =
      List.of("glm_mel", "glm_tokenizer", "wav2vec2", "bicodec_encoder", "speaker_encoder", "bicodec_decoder");
  private static final List<String> REQUESTS = List.of("transcribe", "enroll", "speak", "convert");

  static List<Case> all() {
    List<Case> cases = new ArrayList<>();
    cases.add(new Case("load", "LoadBenchmark.load", Map.of(), 0, 0));
    for (int seconds : new int[] {1, 5, 10}) {
      for (String network : NETWORKS) {
        cases.add(new Case(network + "_" + seconds + "s", "NetworkBenchmark.network",
            parameters("network", network, "seconds", Integer.toString(seconds)), seconds, 0));
      }
      for (String request : REQUESTS) {
        cases.add(new Case(request + "_" + seconds + "s", "RequestBenchmark." + request, Map.of("seconds", Integer.toString(seconds)), seconds, 0));
      }
    }
    cases.add(new Case("decoder_512", "NetworkBenchmark.decoder", Map.of(), 0, 0));
    for (int sequences : new int[] {1, 4, 8, 16}) {
      for (String allowed : List.of("ALL", "SEMANTIC")) {
        cases.add(new Case("generate_b" + sequences + "_" + allowed.toLowerCase(Locale.ROOT), "GenerateBenchmark.generate",
            parameters("sequences", Integer.toString(sequences), "allowed", allowed), 0, sequences));
      }
    }
    return cases;
  }

  private static Map<String, String> parameters(String first, String value, String second, String other) {
    Map<String, String> map = new LinkedHashMap<>();
    map.put(first, value);
    map.put(second, other);
    return map;
  }
}
