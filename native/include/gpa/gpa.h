/*
 * gpa.h - the C interface of the GPA speech engine: recognition (ASR), speech with a cloned voice (TTS) and
 * voice conversion (VC) by one model file. It speaks token ids and float PCM; text is the caller's.
 *
 * Every function returns a gpa_status and, when that is not GPA_OK, fills *error (which may be NULL).
 * Strings are UTF-8. Handles are opaque; a handle keeps the ones it was made from alive, so they may be freed in
 * any order. Free functions accept NULL. Unless said otherwise functions may be called from any thread at once.
 * PCM is 16 kHz mono float, nominally in [-1, 1].
 */
#ifndef GPA_GPA_H_
#define GPA_GPA_H_

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define GPA_API __attribute__((visibility("default")))
#else
#define GPA_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Raised by one whenever a declaration below changes its meaning. */
#define GPA_ABI_VERSION 4

/* Ids of a voice. */
#define GPA_VOICE_TOKENS 32

typedef enum gpa_status {
  GPA_OK = 0,
  GPA_ERROR_INVALID_ARGUMENT = 1, /* a parameter is null, out of range or does not fit the model */
  GPA_ERROR_INVALID_STATE = 2,    /* the call does not fit what the handle is doing */
  GPA_ERROR_IO = 3,               /* a file cannot be opened or read */
  GPA_ERROR_MODEL_FORMAT = 4,     /* a model file is not well-formed, or lacks or misshapes a tensor */
  GPA_ERROR_UNSUPPORTED = 5,      /* well-formed, but beyond this library (a type, a network the file lacks) */
  GPA_ERROR_AUDIO = 6,            /* audio that cannot be used: empty, too short, not finite */
  GPA_ERROR_OUT_OF_MEMORY = 7,
  GPA_ERROR_DEVICE = 8,           /* the device or instruction set asked for is not there */
  GPA_ERROR_CANCELLED = 9,
  GPA_ERROR_CAPACITY = 10,        /* prompt and answer do not fit the context, or the queue is full */
  GPA_ERROR_INTERNAL = 11
} gpa_status;

typedef struct gpa_error {
  int32_t code;      /* a gpa_status */
  char message[512]; /* what went wrong, where, and what to do; zero-terminated, cut if longer */
} gpa_error;

typedef struct gpa_file gpa_file;       /* an open GGUF file: metadata and tensor list, no networks */
typedef struct gpa_model gpa_model;     /* weights, immutable, memory-mapped */
typedef struct gpa_engine gpa_engine;   /* threads, caches and the requests that run */
typedef struct gpa_request gpa_request; /* one task, its state and its result */

/* ---- library ---- */

/* GPA_ABI_VERSION of the loaded library. */
GPA_API int32_t gpa_abi_version(void);
/* Version of the library, "1.2.3". Static storage. */
GPA_API const char* gpa_version(void);
/* The index-th kernel set that this machine can run, best first ("amx", "avx512", "avxvnni", "avx2", "neon_i8mm", "neon",
   "portable", "reference"); NULL past the last. */
GPA_API const char* gpa_isa_name(int32_t index);
/* Names the library that finds GPUs. To be called before anything below or an engine asks for devices; afterwards it does nothing.
   Without it that is the file that the environment variable GPA_CUDA_LIBRARY names, or libgpa_cuda.so beside this library.
   Errors: INVALID_ARGUMENT (null). */
GPA_API gpa_status gpa_cuda_library_set(const char* path, gpa_error* error);
/* The index-th device of this machine, best first ("cuda:0", "cuda:1", …, "cpu" last); NULL past the last. Static storage. */
GPA_API const char* gpa_device_name(int32_t index);

/* Receives a line of the library's log. level: 0 error, 1 warning, 2 info, 3 debug. Called from any thread. */
typedef void (*gpa_log_fn)(void* user, int32_t level, const char* message);
/* Sets the one log sink of the process (NULL: silence, the default). */
GPA_API void gpa_log_set(gpa_log_fn fn, void* user);

/* ---- element types (numbered as in GGUF) ---- */

typedef enum gpa_dtype {
  GPA_F32 = 0,
  GPA_F16 = 1,
  GPA_Q4_0 = 2,
  GPA_Q8_0 = 8,
  GPA_Q4_K = 12,
  GPA_Q5_K = 13,
  GPA_Q6_K = 14,
  GPA_IQ4_NL = 20,
  GPA_I32 = 26,
  GPA_BF16 = 30
} gpa_dtype;

/* Converts count elements between any two types but I32 (F16, BF16: round to nearest even; block types: count is a multiple of
   their block, encoded as by gpa_dtype_quantize without importance). src and dst must not overlap.
   Errors: INVALID_ARGUMENT, for a value to encode that is not finite too. */
GPA_API gpa_status gpa_dtype_convert(gpa_dtype from, const void* src, gpa_dtype to, void* dst, int64_t count, gpa_error* error);
/* Encodes rows of cols floats to a block type; cols is a multiple of its block, every value finite. importance [cols], each >= 0
   and finite, weighs the squared errors of a column (the mean of its squared activations, say); NULL: all weigh the same, as they do in
   Q8_0 anyway. A row's bytes depend on the row and on importance alone, not on the machine: rows may be shared out among threads.
   What is too large for a type becomes its largest number. Errors: INVALID_ARGUMENT, naming a bad value. */
GPA_API gpa_status gpa_dtype_quantize(gpa_dtype to, const float* src, int64_t rows, int64_t cols, const float* importance, void* dst,
                                      gpa_error* error);

/* ---- model files ---- */

/* What a metadata value is: GGUF's value types. */
typedef struct gpa_file_value {
  const char* key;
  int32_t type;         /* GGUF value type: 0 u8 1 i8 2 u16 3 i16 4 u32 5 i32 6 f32 7 bool 8 string 9 array 10 u64 11 i64 12 f64 */
  int32_t element_type; /* of an array; otherwise equal to type */
  int64_t count;        /* elements of an array; otherwise 1 */
} gpa_file_value;

typedef struct gpa_file_tensor {
  const char* name;
  int32_t type;     /* gpa_dtype or another GGUF type */
  int32_t rank;     /* 1 to 4 */
  int64_t shape[4]; /* outermost first, unused ones 1 */
  int64_t offset;   /* of its data from the file's begin */
  int64_t bytes;
  const void* data; /* mapped, valid while the file is open */
} gpa_file_tensor;

/* Opens any GGUF file (versions 2 and 3), whatever its architecture. Errors: IO, MODEL_FORMAT. */
GPA_API gpa_status gpa_file_open(const char* path, gpa_file** file, gpa_error* error);
GPA_API void gpa_file_free(gpa_file* file);
GPA_API int64_t gpa_file_value_count(const gpa_file* file);
GPA_API int64_t gpa_file_tensor_count(const gpa_file* file);
/* The index-th value or tensor; strings point into the handle. Error: INVALID_ARGUMENT. */
GPA_API gpa_status gpa_file_value_at(const gpa_file* file, int64_t index, gpa_file_value* value, gpa_error* error);
GPA_API gpa_status gpa_file_tensor_at(const gpa_file* file, int64_t index, gpa_file_tensor* tensor, gpa_error* error);
/* Element of a value (index 0 unless an array), as a number or a string. The string and its length (bytes, without the
   terminating zero) point into the handle. Errors: INVALID_ARGUMENT (no such key or element, or of another kind). */
GPA_API gpa_status gpa_file_number(const gpa_file* file, const char* key, int64_t index, double* number, gpa_error* error);
GPA_API gpa_status gpa_file_string(const gpa_file* file, const char* key, int64_t index, const char** string, int64_t* length, gpa_error* error);

/* Opens a model file and checks every tensor its networks need (name, shape, type).
   check_finite != 0 also reads all weights and refuses NaN and infinity. Errors: IO, MODEL_FORMAT, UNSUPPORTED. */
GPA_API gpa_status gpa_model_open(const char* path, int32_t check_finite, gpa_model** model, gpa_error* error);
GPA_API void gpa_model_free(gpa_model* model);
/* The file behind a model; owned by the model. */
GPA_API const gpa_file* gpa_model_file(const gpa_model* model);

/* ---- engine ---- */

/* How the audio networks compute with weights of block types (the decoder always rounds its activations for those). */
typedef enum gpa_precision {
  GPA_PRECISION_EXACT = 0, /* f32 activations */
  GPA_PRECISION_FAST = 1   /* activations rounded to int8 in blocks of 32 channels where the weights are quantised: all of the codec's
                              decoder, and those maps of the tokenizers that bear it (docs/precision.md) */
} gpa_precision;

typedef struct gpa_engine_params {
  int32_t threads;        /* compute threads; 0: one per core the process may use */
  int32_t max_concurrency; /* requests that run at once, 1 to 1024; 0: 8 */
  int32_t max_queue;      /* requests that may wait beyond those; 0: 1024 */
  int32_t context_tokens; /* prompt + answer of one request; 0: the model's own limit */
  const char* device;     /* "cpu", "cuda:N", "cuda" (the first GPU), or NULL: the best of this machine */
  gpa_precision precision;
} gpa_engine_params;

/* On a GPU the model's weights are copied to it. On the CPU the decoder's are copied into the order in which the kernels read them, once
   for all engines of a model that live at once; the file's pages are given back for them. Errors: INVALID_ARGUMENT, DEVICE (the device
   is not there, or GPA_ISA names a set this machine lacks), OUT_OF_MEMORY. */
GPA_API gpa_status gpa_engine_create(const gpa_model* model, const gpa_engine_params* params, gpa_engine** engine, gpa_error* error);
/* Cancels what runs, waits for it, and frees. Requests made from the engine stay readable. */
GPA_API void gpa_engine_free(gpa_engine* engine);
/* Kernel set in use, e.g. "avx512", "cuda". Owned by the engine. */
GPA_API const char* gpa_engine_isa(const gpa_engine* engine);
/* Device in use, e.g. "cpu", "cuda:0 (NVIDIA H100 80GB HBM3)". Owned by the engine. */
GPA_API const char* gpa_engine_device(const gpa_engine* engine);

/* What an engine does now, and what it did since it was made. Counters only grow. They are read one by one while they change, so that
   two of them may be a moment apart. */
typedef struct gpa_engine_stats {
  int64_t running;            /* requests now: those that began and have not ended */
  int64_t queued;             /* requests now that wait to begin */
  int64_t done;               /* requests that ended well */
  int64_t refused;            /* submissions that found the queue full */
  int64_t cancelled;          /* requests that ended with CANCELLED */
  int64_t failed;             /* requests that ended otherwise */
  int64_t steps;              /* passes of the decoder */
  int64_t step_requests;      /* requests in all of them: over steps, the mean batch */
  int64_t rows;               /* tokens in all of them, of prompts and answers */
  int64_t prefix_rows;        /* prompt tokens that were taken from another request's cache instead */
  int64_t kv_pages_used;      /* pages of the key/value cache now, each once; those of prompts kept for others count */
  int64_t kv_pages_shared;    /* of these, with more than one holder */
  int64_t kv_pages_total;     /* most that there may be */
  int64_t audio_samples;      /* speech made, at 16 kHz */
  int64_t busy_us;            /* time in which the engine computed: over the time of audio_samples, the real-time factor */
  int64_t first_audio_count;  /* streams whose first chunk was made */
  int64_t first_audio_sum_us; /* their times from submission to that, summed */
  int64_t first_audio_p50_us; /* and their quantiles, at most 9 % too high; 0 before the first */
  int64_t first_audio_p95_us;
} gpa_engine_stats;

/* Takes no lock. Error: INVALID_ARGUMENT. */
GPA_API gpa_status gpa_engine_get_stats(const gpa_engine* engine, gpa_engine_stats* stats, gpa_error* error);

/* ---- requests ---- */

typedef enum gpa_task {
  GPA_TASK_TRANSCRIBE = 0, /* pcm -> text token ids */
  GPA_TASK_ENROLL = 1,     /* pcm -> GPA_VOICE_TOKENS voice ids */
  GPA_TASK_SPEAK = 2,      /* text token ids, voice -> pcm */
  GPA_TASK_CONVERT = 3,    /* pcm, voice -> pcm */
  GPA_TASK_GENERATE = 4    /* prompt ids -> answer ids: the bare decoder, restricted as allowed says */
} gpa_task;

typedef struct gpa_sampling {
  float temperature;        /* 0: greedy; otherwise > 0 */
  int32_t top_k;            /* 0: off */
  float top_p;              /* (0, 1]; 1: off */
  float repetition_penalty; /* > 0; 1: off */
  uint64_t seed;
} gpa_sampling;

/* Which ids the decoder may answer with; the LM head computes no other rows. */
typedef enum gpa_allowed {
  GPA_ALLOWED_TASK = 0,    /* ASR: text, end_content, end_of_answer. TTS, VC: semantic, end_of_answer. GENERATE: all */
  GPA_ALLOWED_ALL = 1,     /* the whole vocabulary */
  GPA_ALLOWED_TEXT = 2,
  GPA_ALLOWED_SEMANTIC = 3
} gpa_allowed;

/* Receives speech while it is made: `samples` samples that follow those of the call before, valid inside the call only. They are the
   decoder's own: the mean, which a whole result has removed, is not known yet. Of one request's calls, pcm is one of three addresses.
   Called on a thread of the request's own, under no lock. It may take its time: the request's speech then waits, no other request does. It must free neither engine nor request.
   Any result but 0 ends the request with CANCELLED. The last call returns before the request ends. */
typedef int32_t (*gpa_chunk_fn)(void* user, uint64_t id, const float* pcm, int64_t samples);

/* How speech is cut into chunks. The samples depend on look_ahead_tokens alone, 20 ms a token: a sample depends on no later token than
   so many after its own (docs/streaming.md has the error of each value). It is moved into what the model can do: GPA needs 10, and
   from 67 on the samples are those of a whole result. */
typedef struct gpa_stream_params {
  int32_t look_ahead_tokens;  /* >= 0; 0: 28 on the CPU, all on other devices */
  int32_t first_chunk_tokens; /* tokens of the first chunk, about; 0: 10 */
  int32_t max_chunk_tokens;   /* tokens of the largest chunk, about; the last one has the look-ahead beside them; 0: 50 */
  float chunk_growth;         /* each chunk is so many times the one before it, 1 to 16; 0: 1.5 */
} gpa_stream_params;

typedef struct gpa_request_params {
  gpa_task task;
  const float* pcm;          /* TRANSCRIBE, ENROLL, CONVERT: the first channel, read in place until the request is done */
  const float* pcm_mix;      /* TRANSCRIBE: the mean of the channels, likewise; NULL: equal to pcm (mono) */
  int64_t samples;           /* of each */
  const int32_t* ids;        /* SPEAK: text ids; GENERATE: the prompt. Copied by gpa_request_submit */
  int64_t id_count;
  const int32_t* voice;      /* SPEAK, CONVERT: GPA_VOICE_TOKENS ids in [0, 4096). Copied */
  gpa_sampling sampling;
  gpa_allowed allowed;
  int32_t max_tokens;        /* answer tokens; 0: what the context leaves */
  gpa_chunk_fn chunk;        /* SPEAK, CONVERT: takes the speech as it is made, with the user and id of the request; the result then has
                                ids but no pcm. NULL: the speech is the result */
  gpa_stream_params stream;  /* with chunk */
} gpa_request_params;

/* Times of a request in microseconds since it was submitted; -1: not reached. */
typedef struct gpa_request_stats {
  int64_t started_us;
  int64_t encoded_us;      /* audio encoders done */
  int64_t first_token_us;
  int64_t last_token_us;
  int64_t first_audio_us;  /* the first chunk went to the callback */
  int64_t finished_us;
  int64_t prompt_tokens;
  int64_t answer_tokens;
  int32_t stopped;         /* 1: the answer ended by itself; 0: it was cut at max_tokens or by the context */
} gpa_request_stats;

/* Called on an engine thread, not under any lock, when a request has ended. It must not block nor free the engine. */
typedef void (*gpa_done_fn)(void* user, uint64_t id);

/* Starts a task. done (may be NULL) is called once with user and id. Returns at once.
   Errors: INVALID_ARGUMENT, INVALID_STATE (engine closing), UNSUPPORTED (the model lacks a network), AUDIO, CAPACITY (prompt too long, or
   max_concurrency + max_queue requests run or wait already: try again when one has ended). */
GPA_API gpa_status gpa_request_submit(gpa_engine* engine, const gpa_request_params* params, gpa_done_fn done, void* user, uint64_t id,
                                      gpa_request** request, gpa_error* error);
/* Waits until the request has ended (timeout_ms < 0: for ever; then *done is 1) or the time is over (*done 0). Returns how the
   request ended, GPA_OK while it runs. */
GPA_API gpa_status gpa_request_wait(gpa_request* request, int64_t timeout_ms, int32_t* done, gpa_error* error);
/* Asks the request to end soon with CANCELLED. Harmless afterwards. */
GPA_API void gpa_request_cancel(gpa_request* request);
/* Results of a request that ended well, owned by it, valid until gpa_request_free.
   ids: TRANSCRIBE text ids, ENROLL voice ids, SPEAK/CONVERT semantic codes (0-based), GENERATE answer ids (the end token included).
   pcm: SPEAK, CONVERT without a chunk callback (mean removed). Errors: INVALID_STATE (not ended, or not well). */
GPA_API gpa_status gpa_request_ids(const gpa_request* request, const int32_t** ids, int64_t* count, gpa_error* error);
GPA_API gpa_status gpa_request_pcm(const gpa_request* request, const float** pcm, int64_t* samples, gpa_error* error);
GPA_API gpa_status gpa_request_get_stats(const gpa_request* request, gpa_request_stats* stats, gpa_error* error);
/* Cancels it if it still runs, waits for its end, and frees it with its results. */
GPA_API void gpa_request_free(gpa_request* request);

/* ---- single stages: for verification, benchmarks and tools ---- */

/* A named f32 or i32 matrix, row-major. */
typedef struct gpa_tensor {
  const char* name;
  gpa_dtype type; /* GPA_F32 or GPA_I32 */
  int64_t rows;
  int64_t cols;
  const void* data;
} gpa_tensor;

/* Receives what a network computes, stage by stage, in order; the tensor is valid inside the call. Called on the thread that
   called gpa_network_run. A return value other than 0 stops the run with CANCELLED. */
typedef int32_t (*gpa_trace_fn)(void* user, const gpa_tensor* tensor);

/* Runs one network on named inputs and hands every intermediate and final result to trace. Names are those of docs/networks.md.
   network                inputs                                        results (last ones; intermediates come too)
   "volume"               wav [n]                                       wav_normalized
   "glm_mel"              wav [n]                                       glm_mel
   "glm_tokenizer"        glm_mel [T, 128], samples i32 [1]             glm_ids, glm_margin
   "wav2vec2"             wav_normalized [n]                            w2v_feat
   "bicodec_encoder"      w2v_feat [T, d]                               semantic_ids, semantic_margin
   "speaker_mel"          wav_normalized [n]                            speaker_mel
   "speaker_encoder"      speaker_mel [T, 128]                          global_ids, fsq_margin
   "bicodec_decoder"      semantic_ids i32 [n], global_ids i32 [32]     decode_wav
   "decoder"              prompt i32 [n]                                hidden_1, hidden_final, logits_all (asked for by an input "all" i32 [1] = 1), logits_last
   "sampler"              logits [n], ids i32 [m] (repeated ids), temperature, top_k, top_p, repetition_penalty (f32 [1] each)   probs
   "sampler_draws"        as sampler, and seed i32 [1], draws i32 [1]   drawn (i32 [draws])
   Errors: INVALID_ARGUMENT (unknown network, missing or misshapen input), UNSUPPORTED, AUDIO, OUT_OF_MEMORY. */
GPA_API gpa_status gpa_network_run(gpa_engine* engine, const char* network, const gpa_tensor* inputs, int32_t input_count,
                                   gpa_trace_fn trace, void* user, gpa_error* error);

#ifdef __cplusplus
}
#endif

#endif /* GPA_GPA_H_ */
