// gpa.h: engines and single stages.
#include "api/handles.h"
#include "engine/stages.h"

using namespace gpa;

extern "C" {

gpa_status gpa_engine_create(const gpa_model* model, const gpa_engine_params* params, gpa_engine** engine, gpa_error* error) {
  return api::guard(error, [&] {
    api::require(engine, "engine");
    *engine = nullptr;
    api::require(model, "model");
    api::require(params, "params");
    auto handle = std::make_unique<gpa_engine>();
    handle->engine = Engine::create(model->model, *params);
    *engine = handle.release();
  });
}

void gpa_engine_free(gpa_engine* engine) {
  if (!engine) return;
  guarded([&] { engine->engine->close(); });
  delete engine;
}

const char* gpa_engine_isa(const gpa_engine* engine) { return engine ? engine->engine->compute().kernels.name : nullptr; }

const char* gpa_engine_device(const gpa_engine* engine) { return engine ? engine->engine->compute().device_name() : nullptr; }

gpa_status gpa_engine_get_stats(const gpa_engine* engine, gpa_engine_stats* stats, gpa_error* error) {
  return api::guard(error, [&] {
    api::require(engine, "engine");
    api::require(stats, "stats");
    *stats = engine->engine->stats();
  });
}

gpa_status gpa_network_run(gpa_engine* engine, const char* network, const gpa_tensor* inputs, int32_t input_count,
                           gpa_trace_fn trace, void* user, gpa_error* error) {
  return api::guard(error, [&] {
    api::require(engine, "engine");
    api::require(network, "network");
    if (input_count < 0) fail(GPA_ERROR_INVALID_ARGUMENT, "input_count is %d", input_count);
    if (input_count > 0) api::require(inputs, "inputs");
    const Engine& runner = *engine->engine;
    run_stage(*runner.model(), runner.compute(), network, {inputs, static_cast<size_t>(input_count)}, trace, user);
  });
}

}  // extern "C"
