package io.gpa4j.quality;

import io.gpa4j.AudioSource;
import io.gpa4j.GenerateOptions;
import io.gpa4j.GenerateOptions.Allowed;
import io.gpa4j.Gpa;
import io.gpa4j.Sampling;
import io.gpa4j.Tensor;
import io.gpa4j.Voice;
import io.gpa4j.quality.Clips.Clip;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Token sequences of a reference: prompts, and what it answers to them. */
final class Sequences {
  private static final int TEXT_TOKENS = 256;
  // Ten seconds.
  private static final int SPEECH_TOKENS = 500;
  private static final int WITHOUT_CLIPS = 4;
  private static final int PROMPT = 32;
  private static final int ANSWER = 100;

  /** Ids, and where the answer begins. */
  record Sequence(String name, int[] ids, int answer) {}

  private final OpenModel model;
  private final Gpa gpa;
  private final Sampling speech;
  private final Prompts prompts;
  private final ClipInputs inputs;

  Sequences(OpenModel model, Sampling speech) {
    this.model = model;
    this.speech = speech;
    this.gpa = model.gpa();
    this.prompts = new Prompts(model.file());
    this.inputs = new ClipInputs(model);
  }

  /** How many there can be. */
  static long most(Clips clips) {
    return clips.all().isEmpty() ? WITHOUT_CLIPS : 2L * clips.all().size();
  }

  /** Recognition of every clip, and speech of what is said in it; without any audio, speech of ids by a formula. */
  List<Sequence> of(Clips clips, Steps steps) {
    List<Sequence> sequences = new ArrayList<>();
    if (!model.holds("decoder")) {
      return sequences;
    }
    Map<Path, Voice> voices = new HashMap<>();
    for (Clip clip : clips.all()) {
      hear(clip, clips, voices, sequences);
      steps.done(model.name() + ": " + clip.name());
    }
    for (int number = 0; number < WITHOUT_CLIPS && clips.all().isEmpty(); number++) {
      sequences.add(withoutClip(number));
    }
    return sequences;
  }

  private void hear(Clip clip, Clips clips, Map<Path, Voice> voices, List<Sequence> sequences) {
    Map<String, Tensor> given = inputs.results(clip);
    Tensor glm = given.get("glm_ids");
    Tensor semantic = given.get("semantic_ids");
    String text = clip.text();
    if (glm != null && semantic != null) {
      int[] prompt = prompts.transcribe(glm.ints(), semantic.ints());
      int[] answer = answer(prompt, Allowed.TEXT, Sampling.greedy(), 0, TEXT_TOKENS);
      sequences.add(sequence(clip.name() + " heard", prompt, answer));
      text = text == null ? gpa.decode(answer) : text;
    }
    if (model.holds("speaker") && text != null && !text.isBlank()) {
      int turn = clips.all().indexOf(clip);
      Voice voice = voices.computeIfAbsent(clips.voice(clip, turn), file -> gpa.enroll("voice", AudioSource.of(file)));
      int[] prompt = prompts.speak(voice.tokens(), gpa.encode(text, false));
      sequences.add(sequence(clip.name() + " spoken", prompt, answer(prompt, Allowed.SEMANTIC, speech, turn, SPEECH_TOKENS)));
    }
  }

  private Sequence withoutClip(int number) {
    if (!prompts.areKnown()) {
      int vocabulary = Math.toIntExact(model.store().tensors().get("decoder.token_embd.weight").shape()[0]);
      int[] prompt = ClipInputs.ids(PROMPT, vocabulary, number);
      return sequence("ids " + number, prompt, answer(prompt, Allowed.ALL, speech, number, ANSWER));
    }
    int[] prompt = prompts.speak(ClipInputs.ids(Voice.TOKENS, Voice.TOKEN_LIMIT, number), ClipInputs.ids(PROMPT, prompts.textCount(), number));
    return sequence("ids " + number, prompt, answer(prompt, Allowed.SEMANTIC, speech, number, ANSWER));
  }

  private int[] answer(int[] prompt, Allowed allowed, Sampling sampling, long seed, int maxTokens) {
    return gpa.generate(prompt, GenerateOptions.builder().allowed(allowed).sampling(sampling).seed(seed).maxTokens(maxTokens).build()).ids();
  }

  private static Sequence sequence(String name, int[] prompt, int[] answer) {
    return new Sequence(name, IntStream.concat(IntStream.of(prompt), IntStream.of(answer)).toArray(), prompt.length);
  }
}
