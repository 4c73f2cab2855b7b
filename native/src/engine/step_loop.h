// What the engine thread does over and over: each step runs at most one audio network of one request and one pass of the
// decoder over the rows of all requests that need it.
//
//   admit -> kEncode (audio encoders, prompt) -> kPrefill (prompt rows, kPrefillRows a step) -> kDecode (one row a step)
//         -> kRender (codec) -> ended.   ENROLL ends after kEncode, TRANSCRIBE and GENERATE after kDecode.
//
// Speech that streams is rendered chunk by chunk from kDecode on; its delivery ends the request. Whole speech is rendered piece by piece in
// kRender. Whose chunk, piece or encoder runs, and whose prompt is read, schedule.h says.
// Prompts that begin alike are read once, see prefix_cache.h.
//
// Source: Yu et al. 2022 (Orca), iteration-level scheduling; Agrawal et al. 2023 (Sarathi), chunked prefill beside decoding.
#pragma once
#include <atomic>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/allowed_ids.h"
#include "engine/compute.h"
#include "engine/decoder_pass.h"
#include "engine/delivery.h"
#include "engine/engine_counters.h"
#include "engine/prefix_cache.h"
#include "engine/request.h"
#include "engine/schedule.h"
#include "engine/streamed_speech.h"
#include "engine/whole_speech.h"
#include "layers/buffer.h"
#include "layers/kv_cache.h"
#include "models/model.h"

namespace gpa {

// Used by one thread at a time; only `closing` and `counters` are shared.
class StepLoop {
 public:
  struct Limits {
    int64_t context_tokens;
    int64_t max_concurrency;
  };

  // closing: makes running networks stop soon.
  StepLoop(std::shared_ptr<const Model> model, const Compute& compute, Limits limits, const std::atomic<bool>& closing,
           EngineCounters& counters);

  size_t running() const { return running_.size(); }
  void admit(std::shared_ptr<Request> request);
  // One step of everything that runs. Failures end the requests that they concern. False: all wait for slow consumers.
  bool step();
  // Ends all that runs, and waits until deliveries are over.
  void fail_all(const Failure& failure);
  // Ends a request that this loop does not run.
  void end(Request& request, Failure failure, RequestResult result = {}) noexcept;

 private:
  enum class Phase { kEncode, kPrefill, kDecode, kRender, kEnded };

  struct Running {
    std::shared_ptr<Request> request;
    Phase phase = Phase::kEncode;
    int64_t began_us = 0;
    int64_t ready_us = 0;  // since when its encoder or its next piece could run
    std::vector<int32_t> prompt;
    int64_t prefilled = 0;
    std::unique_ptr<AllowedIds> allowed;
    Buffer seen;  // of the decoder's queue: bits of the columns of the prompt's and the answer's ids
    std::unique_ptr<KvSequence> sequence;
    std::vector<int32_t> answer;
    int64_t answer_limit = 0;
    bool stopped = false;
    Delivery* delivery = nullptr;  // of speech that streams
    std::unique_ptr<StreamedSpeech> speech;
    Listener listener;
    std::unique_ptr<WholeSpeech> whole;  // of speech that does not stream, from its first piece on
  };
  using RunningList = std::list<Running>;

  // What a running network asks at its trace points.
  struct StopCheck {
    const std::atomic<bool>* closing;
    const Request* request;
  };

  // The rows that one pass of the decoder takes.
  struct Batch {
    std::vector<int32_t> ids;
    std::vector<DecoderSpan> spans;
    std::vector<Running*> owners;      // of each span
    std::vector<int64_t> answer_rows;  // the row whose logits a span needs; -1: none yet

    // answers: whether the last row's logits are needed.
    void add(Running& owner, std::span<const int32_t> rows, bool answers);
  };

  // A pass of the decoder that was given to the queue.
  struct Pass {
    Batch batch;
    std::vector<Running*> answering;  // in the order of `columns`
    const int32_t* columns = nullptr;  // what was drawn: an operand
    Failure failure;
  };

  std::optional<AudioJob> audio_job(const Running& running) const;
  Running* next_audio();  // null: nobody needs an audio network
  bool run_next_audio();
  void run_audio(Running& running);
  void encode(Running& running);
  void render_piece(Running& running);
  void render_chunk(Running& running);
  void start_stream(Running& running, Context& context);
  void start_decoding(Running& running);
  Pass start_decoder();
  void finish_decoder(Pass& pass);
  Batch gather();
  void add_rows(Batch& batch, Running& running, std::span<const int32_t> rows, bool answers);
  bool is_about_to_be_kept(const Batch& batch, const Running& running) const;
  void keep_prompts(const Batch& batch);
  void count(const Batch& batch);
  void count_pages();
  static std::vector<Draw> draws_of(const Batch& batch, std::vector<Running*>& answering);
  void take_token(Running& running, int32_t id);
  void finish_answer(Running& running);
  void end(Running& running, Failure failure, RequestResult result = {}) noexcept;
  void sweep();
  // running: the request whose cancellation stops what runs in the context; null: none's.
  Context context(Arena& arena, const Running* running);

  const std::shared_ptr<const Model> model_;
  const Compute compute_;
  const Limits limits_;
  StopCheck stop_;
  EngineCounters& counters_;
  // The audio networks run beside the decoder where the queue is not the host's; there they take turns in one.
  const std::unique_ptr<Queue> queue_, own_audio_queue_;
  Queue& audio_queue_;
  Arena step_arena_;
  std::unique_ptr<Arena> audio_arena_;
  std::list<Delivery> deliveries_;
  std::unique_ptr<KvPool> kv_pool_;       // null without a decoder
  std::unique_ptr<PrefixCache> prefixes_;  // likewise
  RunningList running_;              // after kv_pool_, to which sequences give their pages back, and after deliveries_
};

}  // namespace gpa
