#include "engine/step_loop.h"

#include <algorithm>
#include <chrono>

#include "engine/prompt.h"
#include "engine/request_check.h"
#include "engine/sampler.h"
#include "engine/task_audio.h"
#include "error.h"
#include "log.h"

namespace gpa {
namespace {

constexpr int64_t kPrefillRows = 256;             // prompt rows of one step, of all requests together
constexpr int64_t kSampleRate = 16000;
constexpr int64_t kKeptAudioSamples = kSampleRate * 30;  // longer audio leaves no activation memory behind
// Tokens of one piece of a whole result: larger ones cost less, smaller ones hold up listeners less.
constexpr int64_t kPieceTokens = 128, kPieceTokensBesideStreams = 50;

constexpr int64_t kPrefixBytes = int64_t{128} << 20;  // of prompts that are kept for others

int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool hears(gpa_task task) { return task != GPA_TASK_SPEAK && task != GPA_TASK_GENERATE; }

std::unique_ptr<KvPool> make_pool(Queue& queue, const Model& model, const StepLoop::Limits& limits) {
  if (!model.has_decoder()) return nullptr;
  // One beside those of full contexts: for the copy of a shared page.
  return std::make_unique<KvPool>(queue, model.decoder().kv_shape(), kv_pages(limits.context_tokens) * limits.max_concurrency + 1);
}

std::unique_ptr<PrefixCache> make_prefixes(KvPool* pool) {
  if (!pool) return nullptr;
  const auto page_bytes = static_cast<int64_t>(pool->shape().page_bytes());
  return std::make_unique<PrefixCache>(*pool, std::min(pool->max_pages() / 4, kPrefixBytes / page_bytes));
}

// Transcriptions begin with what was heard, which nobody hears again.
bool shares_prompt(gpa_task task) { return task != GPA_TASK_TRANSCRIBE; }

}  // namespace

StepLoop::StepLoop(std::shared_ptr<const Model> model, const Compute& compute, Limits limits,
                   const std::atomic<bool>& closing, EngineCounters& counters)
    : model_(std::move(model)), compute_(compute), limits_(limits), stop_{&closing, nullptr}, counters_(counters), queue_(compute.make_queue()),
      own_audio_queue_(queue_->on_host() ? nullptr : compute.make_queue()), audio_queue_(own_audio_queue_ ? *own_audio_queue_ : *queue_),
      step_arena_(*queue_), audio_arena_(std::make_unique<Arena>(audio_queue_)), kv_pool_(make_pool(*queue_, *model_, limits)),
      prefixes_(make_prefixes(kv_pool_.get())) {
  if (kv_pool_) counters_.kv_pages_total = kv_pool_->max_pages();
}

void StepLoop::admit(std::shared_ptr<Request> request) {
  request->stamp(&gpa_request_stats::started_us);
  const Failure failure = guarded([&] {
    Running& running = running_.emplace_back();
    running.request = request;
    running.began_us = running.ready_us = now_us();
  });
  if (failure.code != GPA_OK) end(*request, failure);
}

bool StepLoop::step() {
  sweep();
  for (Running& running : running_) {
    if (running.phase == Phase::kEncode && !hears(running.request->input().task)) run_audio(running);
  }
  Arena::Scope scope(step_arena_);
  // A host's queue computes at once, and what an audio network waits for does not come before the next step. A device does both side by side.
  const bool audio_first = queue_->on_host();
  bool ran_audio = audio_first && run_next_audio();
  Pass pass = start_decoder();
  if (!audio_first) ran_audio = run_next_audio();
  finish_decoder(pass);
  sweep();
  count_pages();
  return ran_audio || !pass.batch.spans.empty();
}

std::optional<AudioJob> StepLoop::audio_job(const Running& running) const {
  if (running.phase == Phase::kEncode) return AudioJob{AudioJob::Kind::kEncode, running.ready_us};
  const bool complete = running.phase == Phase::kRender;
  if (!running.speech) return complete ? std::optional(AudioJob{AudioJob::Kind::kPiece, running.ready_us}) : std::nullopt;
  if (running.phase == Phase::kEnded || !running.speech->due(complete)) return std::nullopt;
  if (running.listener.listening()) return AudioJob{AudioJob::Kind::kChunk, running.listener.dry_us()};
  return AudioJob{AudioJob::Kind::kFirstChunk, running.began_us};
}

StepLoop::Running* StepLoop::next_audio() {
  std::vector<AudioJob> jobs;
  std::vector<Running*> owners;
  for (Running& running : running_) {
    const std::optional<AudioJob> job = audio_job(running);
    if (!job) continue;
    jobs.push_back(*job);
    owners.push_back(&running);
  }
  return jobs.empty() ? nullptr : owners[most_urgent(jobs)];
}

bool StepLoop::run_next_audio() {
  Running* const audio = next_audio();
  if (audio) run_audio(*audio);
  return audio != nullptr;
}

void StepLoop::sweep() {
  for (Running& running : running_) {
    const bool stopped = running.request->cancelled() || (running.delivery && running.delivery->stopped());
    if (running.phase != Phase::kEnded && stopped) end(running, {GPA_ERROR_CANCELLED, "cancelled"});
  }
  running_.remove_if([](const Running& running) { return running.phase == Phase::kEnded; });
  deliveries_.remove_if([](const Delivery& delivery) { return delivery.over(); });
}

void StepLoop::fail_all(const Failure& failure) {
  for (Running& running : running_) {
    if (running.phase != Phase::kEnded) end(running, failure);
  }
  running_.clear();
  deliveries_.clear();
  count_pages();
}

void StepLoop::end(Running& running, Failure failure, RequestResult result) noexcept {
  running.phase = Phase::kEnded;
  running.sequence.reset();
  running.request->set_counts(static_cast<int64_t>(running.prompt.size()), static_cast<int64_t>(running.answer.size()), running.stopped);
  if (running.delivery)
    running.delivery->close(std::move(failure), std::move(result));
  else
    end(*running.request, std::move(failure), std::move(result));
}

void StepLoop::end(Request& request, Failure failure, RequestResult result) noexcept {
  if (failure.code == GPA_ERROR_INTERNAL || failure.code == GPA_ERROR_DEVICE) log(LogLevel::kError, "a request failed: %s", failure.message.c_str());
  (failure.code == GPA_OK ? counters_.done : failure.code == GPA_ERROR_CANCELLED ? counters_.cancelled : counters_.failed) += 1;
  counters_.live -= 1;
  request.finish(std::move(failure), std::move(result));
}

Context StepLoop::context(Arena& arena, const Running* running) {
  stop_.request = running ? running->request.get() : nullptr;
  Context context{compute_.kernels, arena.queue(), arena, compute_.rounding};
  context.stop_user = &stop_;
  context.stop_fn = [](void* user) {
    const auto* asked = static_cast<const StopCheck*>(user);
    return asked->closing->load() || (asked->request && asked->request->cancelled());
  };
  return context;
}

void StepLoop::run_audio(Running& running) {
  const bool encoding = running.phase == Phase::kEncode;
  const Failure failure = guarded([&] {
    if (encoding)
      encode(running);
    else
      running.speech ? render_chunk(running) : render_piece(running);
  });
  if (failure.code != GPA_OK) end(running, failure);
  if (encoding && running.request->input().samples > kKeptAudioSamples) {
    const Failure dropped = guarded([&] { audio_arena_ = std::make_unique<Arena>(audio_queue_); });
    if (dropped.code != GPA_OK) log(LogLevel::kWarning, "activation memory was kept: %s", dropped.message.c_str());
  }
}

void StepLoop::encode(Running& running) {
  const RequestInput& input = running.request->input();
  const TokenSpace& tokens = model_->tokens();
  Arena::Scope scope(*audio_arena_);
  Context context = this->context(*audio_arena_, &running);
  switch (input.task) {
    case GPA_TASK_TRANSCRIBE: {
      const auto glm = glm_codes(*model_, context, input.pcm_mix, input.samples);
      running.prompt = transcribe_prompt(tokens, glm, semantic_codes(*model_, context, input.pcm, input.samples));
      break;
    }
    case GPA_TASK_ENROLL: {
      RequestResult result;
      result.ids = voice_codes(*model_, context, input.pcm, input.samples);
      running.request->stamp(&gpa_request_stats::encoded_us);
      running.stopped = true;
      end(running, {}, std::move(result));
      return;
    }
    case GPA_TASK_SPEAK: running.prompt = speak_prompt(tokens, input.voice, input.ids); break;
    case GPA_TASK_CONVERT:
      running.prompt = convert_prompt(tokens, input.voice, semantic_codes(*model_, context, input.pcm, input.samples));
      break;
    case GPA_TASK_GENERATE: running.prompt = input.ids; break;
  }
  running.request->stamp(&gpa_request_stats::encoded_us);
  start_decoding(running);
  if (input.chunk) start_stream(running, context);
}

void StepLoop::start_stream(Running& running, Context& context) {
  const int64_t most_samples = StreamedSpeech::most_samples(model_->codec_decoder(), running.request->input().stream, running.answer_limit);
  deliveries_.emplace_back(running.request, audio_queue_.host(), most_samples, [this](Request& request, Failure failure, RequestResult result) {
    end(request, std::move(failure), std::move(result));
  });
  running.delivery = &deliveries_.back();
  running.speech = std::make_unique<StreamedSpeech>(model_->codec_decoder(), context, running.request->input(), *running.delivery);
}

void StepLoop::start_decoding(Running& running) {
  const RequestInput& input = running.request->input();
  const auto prompt = static_cast<int64_t>(running.prompt.size());
  const int64_t room = limits_.context_tokens - prompt;
  if (room < 1) fail(GPA_ERROR_CAPACITY, "the prompt of %lld tokens leaves no room in the context", static_cast<long long>(prompt));
  running.answer_limit = input.max_tokens > 0 ? std::min<int64_t>(input.max_tokens, room) : room;
  running.allowed = std::make_unique<AllowedIds>(allowed_ids(model_->tokens(), model_->decoder().vocab(), input.task, input.allowed));
  const std::vector<uint32_t> seen = seen_columns(*running.allowed, running.prompt);
  running.seen = Buffer(*queue_, seen.size() * sizeof(uint32_t));
  queue_->upload(running.seen.get(), seen.data(), seen.size() * sizeof(uint32_t));
  running.sequence = std::make_unique<KvSequence>(*kv_pool_);
  running.phase = Phase::kPrefill;
}

StepLoop::Pass StepLoop::start_decoder() {
  Pass pass{gather(), {}, nullptr, {}};
  const Batch& batch = pass.batch;
  if (batch.spans.empty()) return pass;
  pass.failure = guarded([&] {
    const std::vector<Draw> draws = draws_of(batch, pass.answering);
    pass.columns = give_pass(model_->decoder(), context(step_arena_, nullptr), batch.ids, batch.spans, draws);
    keep_prompts(batch);
    count(batch);
  });
  return pass;
}

// Those from the same ids side by side; answering: whose they are.
std::vector<Draw> StepLoop::draws_of(const Batch& batch, std::vector<Running*>& answering) {
  std::vector<Draw> draws;
  std::vector<bool> taken(batch.owners.size(), false);
  for (size_t first = 0; first < batch.owners.size(); ++first) {
    for (size_t i = first; i < batch.owners.size(); ++i) {
      const Running& running = *batch.owners[i];
      if (taken[i] || batch.answer_rows[i] < 0 || batch.answer_rows[first] < 0 || !(*running.allowed == *batch.owners[first]->allowed)) continue;
      taken[i] = true;
      answering.push_back(batch.owners[i]);
      draws.push_back({batch.answer_rows[i], running.allowed.get(),
                       sample_row(running.request->input().sampling, running.answer.size(), static_cast<uint32_t*>(running.seen.get()))});
    }
  }
  return draws;
}

void StepLoop::finish_decoder(Pass& pass) {
  const auto count = static_cast<int64_t>(pass.answering.size());
  const int32_t* columns = nullptr;
  if (pass.failure.code == GPA_OK && count > 0) pass.failure = guarded([&] { columns = context(step_arena_, nullptr).download(pass.columns, count); });
  for (int64_t i = 0; columns && i < count; ++i) {
    Running& running = *pass.answering[static_cast<size_t>(i)];
    if (running.phase == Phase::kEnded) continue;
    const Failure failure = guarded([&] {
      if (columns[i] < 0) refuse_logits();
      take_token(running, running.allowed->id(columns[i]));
    });
    if (failure.code != GPA_OK) end(running, failure);
  }
  for (Running* running : pass.batch.owners) {
    if (pass.failure.code != GPA_OK && running->phase != Phase::kEnded) end(*running, pass.failure);
  }
}

StepLoop::Batch StepLoop::gather() {
  Batch batch;
  std::vector<Running*> reading;
  std::vector<int64_t> left;
  for (Running& running : running_) {
    if (running.phase == Phase::kDecode) {
      add_rows(batch, running, {&running.answer.back(), 1}, true);
    } else if (running.phase == Phase::kPrefill) {
      if (running.prefilled == 0 && shares_prompt(running.request->input().task)) {
        running.prefilled = prefixes_->share(running.prompt, *running.sequence);
        counters_.prefix_rows += running.prefilled;
      }
      reading.push_back(&running);
      left.push_back(static_cast<int64_t>(running.prompt.size()) - running.prefilled);
    }
  }
  const std::vector<int64_t> shares = share_rows(left, kPrefillRows);
  for (size_t i = 0; i < reading.size(); ++i) {
    Running& running = *reading[i];
    if (shares[i] == 0 || is_about_to_be_kept(batch, running)) continue;
    const auto rows = std::span(running.prompt).subspan(static_cast<size_t>(running.prefilled), static_cast<size_t>(shares[i]));
    add_rows(batch, running, rows, shares[i] == left[i]);
    running.prefilled += shares[i];
  }
  return batch;
}

// A request for which the cache has no room ends alone.
void StepLoop::add_rows(Batch& batch, Running& running, std::span<const int32_t> rows, bool answers) {
  const Failure failure = guarded([&] { running.sequence->reserve(running.sequence->length() + static_cast<int64_t>(rows.size())); });
  if (failure.code == GPA_OK)
    batch.add(running, rows, answers);
  else
    end(running, failure);
}

// Whether a prompt that this step reads to its end begins like this one, of which nothing is read yet: the next step can share it.
bool StepLoop::is_about_to_be_kept(const Batch& batch, const Running& running) const {
  if (!prefixes_->has_room() || running.prefilled > 0 || !shares_prompt(running.request->input().task)) return false;
  for (size_t i = 0; i < batch.owners.size(); ++i) {
    const Running& other = *batch.owners[i];
    if (batch.answer_rows[i] < 0 || other.phase != Phase::kPrefill || !shares_prompt(other.request->input().task)) continue;
    if (common_prefix(running.prompt, other.prompt) >= kLeastShared) return true;
  }
  return false;
}

void StepLoop::count(const Batch& batch) {
  counters_.steps += 1;
  counters_.step_requests += static_cast<int64_t>(batch.owners.size());
  counters_.rows += static_cast<int64_t>(batch.ids.size());
}

void StepLoop::count_pages() {
  if (!kv_pool_) return;
  counters_.kv_pages_used = kv_pool_->pages_made() - kv_pool_->pages_free();
  counters_.kv_pages_shared = kv_pool_->pages_shared();
}

void StepLoop::keep_prompts(const Batch& batch) {
  for (size_t i = 0; i < batch.owners.size(); ++i) {
    const Running& running = *batch.owners[i];
    if (batch.answer_rows[i] < 0 || running.phase != Phase::kPrefill || !shares_prompt(running.request->input().task)) continue;
    prefixes_->keep(running.prompt, *running.sequence);
  }
}

void StepLoop::Batch::add(Running& owner, std::span<const int32_t> rows, bool answers) {
  ids.insert(ids.end(), rows.begin(), rows.end());
  spans.push_back({owner.sequence.get(), static_cast<int64_t>(rows.size())});
  owners.push_back(&owner);
  answer_rows.push_back(answers ? static_cast<int64_t>(ids.size()) - 1 : -1);
}

void StepLoop::take_token(Running& running, int32_t id) {
  const gpa_task task = running.request->input().task;
  if (running.answer.empty()) running.request->stamp(&gpa_request_stats::first_token_us);
  running.answer.push_back(id);
  if (running.speech) {
    for (int32_t code : answer_result(model_->tokens(), task, {&id, 1})) running.speech->add(code);
  }
  running.phase = Phase::kDecode;
  running.stopped = ends_answer(model_->tokens(), task, id);
  if (running.stopped || static_cast<int64_t>(running.answer.size()) >= running.answer_limit) finish_answer(running);
}

void StepLoop::finish_answer(Running& running) {
  running.request->stamp(&gpa_request_stats::last_token_us);
  running.sequence.reset();
  const gpa_task task = running.request->input().task;
  if (task == GPA_TASK_SPEAK || task == GPA_TASK_CONVERT) {
    running.phase = Phase::kRender;
    running.ready_us = now_us();
    return;
  }
  RequestResult result;
  result.ids = answer_result(model_->tokens(), task, running.answer);
  end(running, {}, std::move(result));
}

void StepLoop::render_piece(Running& running) {
  const RequestInput& input = running.request->input();
  Context context = this->context(*audio_arena_, &running);
  if (!running.whole) {
    running.whole = std::make_unique<WholeSpeech>(model_->codec_decoder(), context, input.voice,
                                                  answer_result(model_->tokens(), input.task, running.answer));
  }
  const bool complete = running.whole->render(context, deliveries_.empty() ? kPieceTokens : kPieceTokensBesideStreams);
  running.ready_us = now_us();
  if (!complete) return;
  RequestResult result = running.whole->take();
  counters_.audio_samples += static_cast<int64_t>(result.pcm.size());
  end(running, {}, std::move(result));
}

void StepLoop::render_chunk(Running& running) {
  Context context = this->context(*audio_arena_, &running);
  const int64_t before = running.speech->samples();
  const bool complete = running.speech->render(context, running.phase == Phase::kRender);
  const int64_t samples = running.speech->samples() - before;
  if (samples > 0) {
    if (!running.listener.listening()) counters_.first_audio.add(running.request->age_us());
    running.listener.hear(now_us(), samples * 1'000'000 / kSampleRate);
    counters_.audio_samples += samples;
  }
  if (!complete) return;
  RequestResult result;
  result.ids = running.speech->take_codes();
  end(running, {}, std::move(result));
}

}  // namespace gpa
