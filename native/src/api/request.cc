// gpa.h: requests.
#include "api/handles.h"

using namespace gpa;

namespace {

const RequestResult& result_of(const gpa_request* request) {
  api::require(request, "request");
  if (const RequestResult* result = request->request->result()) return *result;
  if (!request->request->ended()) fail(GPA_ERROR_INVALID_STATE, "the request has not ended");
  const Failure outcome = request->request->outcome();
  fail(GPA_ERROR_INVALID_STATE, "the request has no result, it ended with: %s", outcome.message.c_str());
}

}  // namespace

extern "C" {

gpa_status gpa_request_submit(gpa_engine* engine, const gpa_request_params* params, gpa_done_fn done, void* user, uint64_t id,
                              gpa_request** request, gpa_error* error) {
  return api::guard(error, [&] {
    api::require(request, "request");
    *request = nullptr;
    api::require(engine, "engine");
    api::require(params, "params");
    auto handle = std::make_unique<gpa_request>();
    engine->engine->submit(*params, done, user, id, [&](std::shared_ptr<Request> accepted) {
      handle->request = std::move(accepted);
      *request = handle.release();  // done may be called before this function returns
    });
  });
}

gpa_status gpa_request_wait(gpa_request* request, int64_t timeout_ms, int32_t* done, gpa_error* error) {
  return api::guard(error, [&] {
    api::require(request, "request");
    api::require(done, "done");
    *done = request->request->wait(timeout_ms) ? 1 : 0;
    const Failure outcome = *done ? request->request->outcome() : Failure{};
    if (outcome.code != GPA_OK) throw Error(outcome.code, outcome.message);
  });
}

void gpa_request_cancel(gpa_request* request) {
  if (request) request->request->cancel();
}

gpa_status gpa_request_ids(const gpa_request* request, const int32_t** ids, int64_t* count, gpa_error* error) {
  return api::guard(error, [&] {
    api::require(ids, "ids");
    api::require(count, "count");
    const RequestResult& result = result_of(request);
    *ids = result.ids.data();
    *count = static_cast<int64_t>(result.ids.size());
  });
}

gpa_status gpa_request_pcm(const gpa_request* request, const float** pcm, int64_t* samples, gpa_error* error) {
  return api::guard(error, [&] {
    api::require(pcm, "pcm");
    api::require(samples, "samples");
    const RequestResult& result = result_of(request);
    *pcm = result.pcm.data();
    *samples = static_cast<int64_t>(result.pcm.size());
  });
}

gpa_status gpa_request_get_stats(const gpa_request* request, gpa_request_stats* stats, gpa_error* error) {
  return api::guard(error, [&] {
    api::require(request, "request");
    api::require(stats, "stats");
    *stats = request->request->stats();
  });
}

void gpa_request_free(gpa_request* request) {
  if (!request) return;
  request->request->cancel();
  guarded([&] { request->request->wait(-1); });
  delete request;
}

}  // extern "C"
