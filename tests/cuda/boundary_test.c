/* Errors on their way from the device's library through libgpa to a C program: boundary_test MODEL, with the emulated library in
   GPA_CUDA_LIBRARY and less memory than the model needs in GPA_CUDA_EMULATION_BYTES. Exit status: failures. */
#include <gpa/gpa.h>
#include <stdio.h>
#include <string.h>

static int failures = 0;

static void expect(int condition, const char* what, const gpa_error* error) {
  if (condition) return;
  fprintf(stderr, "failed: %s (%d: %s)\n", what, (int)error->code, error->message);
  ++failures;
}

static gpa_status create(const gpa_model* model, const char* device, gpa_error* error) {
  gpa_engine_params params = {0};
  gpa_engine* engine = NULL;
  gpa_status status;
  params.threads = 1;
  params.device = device;
  memset(error, 0, sizeof *error);
  status = gpa_engine_create(model, &params, &engine, error);
  gpa_engine_free(engine);
  return status;
}

int main(int count, char** arguments) {
  gpa_model* model = NULL;
  gpa_error error = {0};
  int turn;
  if (count != 2 || gpa_model_open(arguments[1], 0, &model, &error) != GPA_OK) {
    fprintf(stderr, "boundary_test MODEL: %s\n", error.message);
    return 1;
  }
  expect(gpa_device_name(0) && strcmp(gpa_device_name(0), "cuda:0") == 0, "the emulated GPU is the best device", &error);
  for (turn = 0; turn < 3; ++turn) {
    expect(create(model, "cuda:99", &error) == GPA_ERROR_DEVICE && strstr(error.message, "cuda:99: no such device"), "no such device", &error);
    expect(create(model, "cuda:0", &error) == GPA_ERROR_OUT_OF_MEMORY, "the device has too little memory", &error);
    expect(create(model, "cpu", &error) == GPA_OK, "the CPU can still be used", &error);
  }
  gpa_model_free(model);
  return failures;
}
