/* gpa.h as a C11 program sees it: every type is used, functions are called through the shared library. Exit status: failures. */
#include <gpa/gpa.h>
#include <stdio.h>
#include <string.h>

static int failures = 0;

static void expect(int condition, const char* what) {
  if (condition) return;
  fprintf(stderr, "failed: %s\n", what);
  ++failures;
}

static void count_line(void* user, int32_t level, const char* message) {
  if (level >= 0 && level <= 3 && message) ++*(int*)user;
}

static void count_done(void* user, uint64_t id) {
  if (id == 7) ++*(int*)user;
}

static int32_t stop_trace(void* user, const gpa_tensor* tensor) {
  (void)user;
  return tensor->rows * tensor->cols > 0;
}

static void test_library(void) {
  expect(gpa_abi_version() == GPA_ABI_VERSION, "the library is of the header's version");
  expect(gpa_version() && strlen(gpa_version()) >= 5, "gpa_version is like 1.2.3");
  expect(GPA_VOICE_TOKENS == 32, "voices have 32 tokens");
}

static void test_isa_names(void) {
  int32_t count = 0;
  while (gpa_isa_name(count)) ++count;
  expect(count >= 2 && strcmp(gpa_isa_name(count - 1), "reference") == 0, "the last kernel set is the reference");
  expect(gpa_isa_name(-1) == NULL && gpa_isa_name(count) == NULL && gpa_isa_name(INT32_MAX) == NULL && gpa_isa_name(INT32_MIN) == NULL,
         "there is no name outside");
}

static void test_convert(void) {
  const float numbers[3] = {1.0f, -2.5f, 65504.0f};
  uint16_t halves[3] = {0, 0, 0};
  float back[3] = {0, 0, 0};
  gpa_error error;
  gpa_status status = gpa_dtype_convert(GPA_F32, numbers, GPA_F16, halves, 3, &error);
  expect(status == GPA_OK && halves[0] == 0x3C00 && halves[1] == 0xC100 && halves[2] == 0x7BFF, "f32 to f16");
  status = gpa_dtype_convert(GPA_F16, halves, GPA_F32, back, 3, NULL);
  expect(status == GPA_OK && memcmp(numbers, back, sizeof back) == 0, "f16 to f32");
}

/* An enum that comes from outside can hold any number. */
static void expect_refused(int from, const void* src, int to, void* dst, int64_t count, const char* part) {
  gpa_error error;
  memset(&error, 'x', sizeof error);
  expect(gpa_dtype_convert((gpa_dtype)from, src, (gpa_dtype)to, dst, count, &error) == GPA_ERROR_INVALID_ARGUMENT, part);
  expect(error.code == GPA_ERROR_INVALID_ARGUMENT && memchr(error.message, 0, sizeof error.message) && strstr(error.message, part), part);
  expect(gpa_dtype_convert((gpa_dtype)from, src, (gpa_dtype)to, dst, count, NULL) == GPA_ERROR_INVALID_ARGUMENT, part);
}

static void test_convert_refusals(void) {
  float number = 1, other = 2;
  expect_refused(GPA_I32, &number, GPA_F32, &other, 1, "from is 26");
  expect_refused(GPA_F32, &number, GPA_I32, &other, 1, "to is 26");
  expect_refused(99, &number, GPA_F32, &other, 1, "from is 99");
  expect_refused(GPA_F32, &number, -1, &other, 1, "to is -1");
  expect_refused(GPA_F32, &number, GPA_F32, &other, -1, "count");
  expect_refused(GPA_F32, &number, GPA_F32, &other, INT64_MAX, "count");
  expect_refused(GPA_F32, NULL, GPA_F32, &other, 1, "src is null");
  expect_refused(GPA_F32, &number, GPA_F32, NULL, 1, "dst is null");
  expect(other == 2, "what is refused writes nothing");
  expect(gpa_dtype_convert(GPA_F32, NULL, GPA_F16, NULL, 0, NULL) == GPA_OK, "nothing can be converted");
}

static void test_quantize(void) {
  float row[32];
  unsigned char block[34] = {0};
  gpa_error error;
  int i;
  for (i = 0; i < 32; ++i) row[i] = (float)(i - 16);
  expect(gpa_dtype_quantize(GPA_Q8_0, row, 1, 32, NULL, block, &error) == GPA_OK && block[2] != block[33], "32 numbers to Q8_0");
  expect(gpa_dtype_quantize(GPA_Q8_0, row, 1, 31, NULL, block, &error) == GPA_ERROR_INVALID_ARGUMENT && strstr(error.message, "31"),
         "31 numbers are no block");
  expect(gpa_dtype_quantize(GPA_F32, row, 1, 32, NULL, block, &error) == GPA_ERROR_INVALID_ARGUMENT, "f32 is no block type");
  expect(gpa_dtype_quantize((gpa_dtype)99, row, 1, 32, NULL, block, NULL) == GPA_ERROR_INVALID_ARGUMENT, "99 is no type");
  expect(gpa_dtype_quantize(GPA_Q8_0, row, -1, 32, NULL, block, NULL) == GPA_ERROR_INVALID_ARGUMENT, "rows are counted from 0");
  expect(gpa_dtype_quantize(GPA_Q8_0, row, INT64_MAX, 32, NULL, block, NULL) == GPA_ERROR_INVALID_ARGUMENT, "more than fits");
  expect(gpa_dtype_quantize(GPA_Q8_0, NULL, 1, 32, NULL, block, NULL) == GPA_ERROR_INVALID_ARGUMENT, "src is null");
  expect(gpa_dtype_quantize(GPA_Q8_0, row, 1, 32, NULL, NULL, NULL) == GPA_ERROR_INVALID_ARGUMENT, "dst is null");
}

/* Files, models, engines and requests that are not there. */
static void test_nothing(void) {
  gpa_file* file = (gpa_file*)&failures;
  gpa_model* model = (gpa_model*)&failures;
  gpa_engine* engine = (gpa_engine*)&failures;
  gpa_request* request = (gpa_request*)&failures;
  gpa_file_value value = {"key", 4, 4, 1};
  gpa_file_tensor tensor = {"name", GPA_F32, 1, {1, 1, 1, 1}, 0, 4, NULL};
  gpa_engine_params engine_params = {1, 1, 1, 0, "cpu", GPA_PRECISION_EXACT};
  gpa_sampling sampling = {0.2f, 50, 1.0f, 1.2f, 42};
  gpa_request_params params;
  gpa_request_stats stats;
  gpa_tensor input = {"wav", GPA_F32, 1, 1, NULL};
  gpa_error error;
  gpa_done_fn done = count_done;
  gpa_trace_fn trace = stop_trace;
  gpa_status status;
  int calls = 0;
  memset(&params, 0, sizeof params);
  memset(&stats, 0, sizeof stats);
  params.task = GPA_TASK_SPEAK;
  params.allowed = GPA_ALLOWED_SEMANTIC;
  params.sampling = sampling;

  status = gpa_file_open("/nowhere/at/all.gguf", &file, &error);
  expect(status == GPA_ERROR_IO && error.code == GPA_ERROR_IO && strstr(error.message, "/nowhere/at/all.gguf") && !file, "no such file");
  expect(gpa_file_value_at(NULL, 0, &value, &error) == GPA_ERROR_INVALID_ARGUMENT, "file is null");
  expect(gpa_file_tensor_at(NULL, 0, &tensor, &error) == GPA_ERROR_INVALID_ARGUMENT, "file is null");
  status = gpa_model_open("/nowhere/at/all.gguf", 0, &model, &error);
  expect(status == GPA_ERROR_IO && !model, "no such model");
  status = gpa_engine_create(NULL, &engine_params, &engine, &error);
  expect(status == GPA_ERROR_INVALID_ARGUMENT && strstr(error.message, "model") && !engine, "no model, no engine");
  status = gpa_request_submit(NULL, &params, done, &calls, 7, &request, &error);
  expect(status == GPA_ERROR_INVALID_ARGUMENT && strstr(error.message, "engine") && !request && calls == 0, "no engine, no request");
  expect(gpa_request_get_stats(NULL, &stats, &error) == GPA_ERROR_INVALID_ARGUMENT, "no request, no stats");
  expect(gpa_network_run(NULL, "volume", &input, 1, trace, NULL, &error) == GPA_ERROR_INVALID_ARGUMENT, "no engine, no network");

  gpa_file_free(NULL);
  gpa_model_free(NULL);
  gpa_engine_free(NULL);
  gpa_request_cancel(NULL);
  gpa_request_free(NULL);
  expect(!gpa_model_file(NULL) && !gpa_engine_isa(NULL) && gpa_file_value_count(NULL) == 0 && gpa_file_tensor_count(NULL) == 0,
         "nothing has nothing");
}

int main(void) {
  int lines = 0;
  gpa_log_fn log = count_line;
  gpa_log_set(log, &lines);
  test_library();
  test_isa_names();
  test_convert();
  test_convert_refusals();
  test_quantize();
  test_nothing();
  gpa_log_set(NULL, NULL);
  return failures;
}
