// Every op of a backend as a function pointer. Models are written once against this table. All pointers are operands (queue.h).
// All activations are f32 [rows, cols] row-major (audio: [frames, channels]); weights F32, F16, BF16 or a block type.
// Unless said otherwise outputs must not overlap inputs. Arguments are checked by assertions only.
#pragma once
#include "gpa/kernels/queue.h"
#include "gpa/kernels/thread_pool.h"
#include "gpa/kernels/types.h"

namespace gpa {

// What is done to a product before it is stored. GELU is the exact one: x/2 (1 + erf(x / sqrt 2)).
enum class Activation { kNone, kGelu, kRelu, kSilu, kSigmoid, kTanh };

// After bias and activation a:  y = residual + gamma * a  (each part only where its pointer is set).
// residual [rows, cols] may be y itself; gamma [cols]; bias [cols].
struct Epilogue {
  const float* bias = nullptr;
  Activation activation = Activation::kNone;
  const float* gamma = nullptr;
  const float* residual = nullptr;
};

// How activations enter a product with weights of a block type (others: always kNone).
//   kNone  as f32
//   kInt8  each block of 32 columns (of a convolution: of channels) rounded first: x ~ s q, s = max |x| / 127, q = x / s to the
//          nearest integer, ties to even; a block below 2^-100 counts as zeros, one with NaN or infinity makes its row not finite.
//          Convolutions in groups or with other than whole blocks of channels: as kNone
enum class Rounding { kNone, kInt8 };

// What is done to a row of x before it enters a product: nothing, or one of
//   norm is set   x / sqrt(mean(x^2) + eps) * norm, as rms_norm;   norm [w.cols]
//   up is set     activation(x) * up, column by column;            up [rows, w.cols]
//   snake is set  x + sin^2(snake x) / (snake + 1e-9), likewise;   snake [w.cols]
// stride: floats from row to row of a gate x and of up, which may be halves of one matrix; 0: w.cols.
// Sources: Zhang & Sennrich 2019; Shazeer 2020 (silu: SwiGLU, gelu: GEGLU); Ziyin et al. 2020, DAC (Snake's alpha).
struct Prologue {
  const float* norm = nullptr;
  float eps = 0;
  const float* up = nullptr;
  Activation activation = Activation::kNone;
  int64_t stride = 0;
  const float* snake = nullptr;

  constexpr bool set() const { return norm || up || snake; }
  constexpr int64_t row_stride(int64_t cols) const { return stride ? stride : cols; }
};

// y[m, n] = epilogue(sum_k prologue(x)[m, k] w[n, k]).   x [rows, w.cols], y [rows, w.rows].
// A row of y has the same bits whatever the other rows and the threads. Several maps of one call share x, rows, rounding and prologue.
struct LinearArgs {
  const float* x = nullptr;
  int64_t rows = 0;
  Weight w;
  Epilogue epilogue;
  float* y = nullptr;
  Rounding rounding = Rounding::kNone;
  Prologue prologue = {};
};

// A frame of y, too, has the same bits whatever the others, and whether zeros around x are given or implied: a convolution may
// come in pieces.
// y[t, o] = epilogue(sum_{j, i} x[t * stride + j * dilation - pad_left, i] w[o, j, i]), x zero outside.
// x [frames, in_channels]; w [out_channels, taps * in_channels / groups], tap-major; y [out_frames, out_channels].
// With snake [in_channels] the frames of x go through Snake first, as in Prologue.
// The caller fixes out_frames (hence the padding on the right). Group g reads channels g*in/groups..., writes g*out/groups....
struct Conv1dArgs {
  const float* x;
  int64_t frames;
  int64_t in_channels;
  Weight w;
  int64_t taps;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t groups = 1;
  int64_t pad_left = 0;
  int64_t out_frames;
  Epilogue epilogue;
  float* y;
  Rounding rounding = Rounding::kNone;
  const float* snake = nullptr;
};

// Transposed convolution, phase-wise: with taps_per_phase = ceil(taps / stride),
//   full[q * stride + r, o] = sum_{m, i} x[q - (taps_per_phase - 1) + m, i] w[r * out_channels + o, m, i]
// for q in [0, frames + taps_per_phase - 1), x zero outside; y[t] = full[t + crop_left] + bias, t in [0, out_frames).
// w [stride * out_channels, taps_per_phase * in_channels]: PyTorch's weight v[i, o, tap] stands at
// r = tap mod stride, m = taps_per_phase - 1 - tap / stride; missing taps are zero. crop_left = PyTorch's padding. snake: as in Conv1dArgs.
struct ConvTranspose1dArgs {
  const float* x;  // [frames, in_channels]
  int64_t frames;
  int64_t in_channels;
  Weight w;
  int64_t stride;
  int64_t taps_per_phase;
  int64_t out_channels;
  int64_t crop_left;
  int64_t out_frames;
  const float* bias;  // [out_channels] or null
  float* y;           // [out_frames, out_channels]
  Rounding rounding = Rounding::kNone;
  const float* snake = nullptr;
};

// y[t, c] = bias[c] + sum_j x[t + j - pad_left, c] w[j, c], x zero outside.
// x [frames, channels]; y [out_frames, channels]; w [taps, channels]. The caller fixes out_frames, as in Conv1dArgs.
struct DepthwiseConv1dArgs {
  const float* x;
  int64_t frames;
  int64_t channels;
  const float* w;
  int64_t taps;
  int64_t pad_left;
  int64_t out_frames;
  const float* bias;
  float* y;
};

// y[r] = (x[r] - mean) / sqrt(var + eps) * scale + shift, population variance over cols.  x and y may be equal.
// scale, shift [cols] or null. Source: Ba et al. 2016. AdaLN passes scale and shift computed from its condition.
struct LayerNormArgs {
  const float* x;
  int64_t rows;
  int64_t cols;
  const float* scale;
  const float* shift;
  float eps;
  float* y;
};

// y[r] = x[r] / sqrt(mean(x[r]^2) + eps) * w.  x, y [rows, cols], may be equal; w [cols].
// Source: Zhang & Sennrich 2019 eq. 4; HF Qwen3RMSNorm.
struct RmsNormArgs {
  const float* x;
  int64_t rows;
  int64_t cols;
  const float* w;
  float eps;
  float* y;
};

enum class Mask { kFull, kCausal, kBlockCausal };

// One sequence of an attention. Arrays of these, and the page tables in them, are operands.
struct AttentionSequence {
  int64_t first_row;         // its queries are rows first_row ... first_row + queries - 1 of q and y
  int64_t queries;
  int64_t keys;
  int64_t position;          // of its first query
  const void* const* pages;  // [ceil(keys / page_tokens)]
};

// For each sequence:  y[t, h] = softmax(q[t, h] . k[s, h'] * scale over the visible s) . v[s, h'],  h' = h / (heads / kv_heads).
// q, y [rows, heads, head_dim] f32, row strides q_stride / y_stride floats. Keys and values lie in pages of page_tokens tokens, as
// elements of kv_type (F32 or F16): key s of head h' begins k_offset + (s % page_tokens) * kv_stride + h' * head_dim elements
// behind pages[s / page_tokens], its value v_offset in place of k_offset. (An encoder passes one page.)
// Query t (its absolute position is t + position) sees key s < keys if
//   kFull: always;  kCausal: s <= t + position;  kBlockCausal: s <= t + position or s / block == (t + position) / block.
// Every query must see at least one key. head_dim any size >= 1. Rows of y that belong to no sequence are left alone.
struct AttentionArgs {
  const float* q;
  int64_t q_stride;
  int64_t heads;
  int64_t kv_heads;
  int64_t head_dim;
  DType kv_type = DType::kF32;
  int64_t page_tokens;
  int64_t kv_stride;
  int64_t k_offset;
  int64_t v_offset;
  float scale;
  Mask mask = Mask::kFull;
  int64_t block = 1;
  float* y;
  int64_t y_stride;
  const AttentionSequence* sequences;
  int64_t count;
  int64_t most_queries;  // no sequence has more
  int64_t most_keys;
};

// Heads of queries and keys on their way from a product into an attention. For each row r and head h:
//   q[r, h] = rotated(normed(q[r, h])), in place
//   rotated(normed(k[r, h])) and v[r, h], rounded to kv_type (F32 or F16), are stored k_offset + h * head_dim and
//   v_offset + h * head_dim elements behind slots[r]
// normed: as rms_norm, with q_norm or k_norm [head_dim]; null: as it is. rotated: rotary embedding, rotate-half form: pairs
// (i, i + head_dim / 2), angle = positions[r] * theta^(-2i / head_dim).
// q [rows, heads, head_dim]; k, v [rows, kv_heads, head_dim]; positions, slots [rows]: operands like q.
// Source: Su et al. 2021; HF Qwen3Attention, rotate_half.
struct RotateAndStoreArgs {
  float* q;
  const float* k;
  const float* v;
  int64_t rows;
  int64_t heads;
  int64_t kv_heads;
  int64_t head_dim;
  const float* q_norm;
  const float* k_norm;
  float eps;
  const int32_t* positions;
  float theta;
  DType kv_type = DType::kF32;
  void* const* slots;
  int64_t k_offset;
  int64_t v_offset;
};

// y = act(x), count elements; x and y may be equal.
struct ActivateArgs {
  const float* x;
  int64_t count;
  Activation activation;
  float* y;
};

// y[r, c] = x[r, c] * scale[c] + shift[c] + add[r, c]; scale, shift [cols], add [rows, cols], each or null. y may be x or add.
struct AffineArgs {
  const float* x;
  int64_t rows;
  int64_t cols;
  const float* scale;
  const float* shift;
  const float* add;
  float* y;
};

// y[i] = f32(table[ids[i]]).  y [count, table.cols]; ids in [0, table.rows).
struct EmbedArgs {
  Weight table;
  const int32_t* ids;
  int64_t count;
  float* y;
};

// y[p, c] = mean of x[p * window ... p * window + window - 1, c]; the last window may be shorter.  y [ceil(rows / window), cols].
struct MeanRowsArgs {
  const float* x;
  int64_t rows;
  int64_t cols;
  int64_t window;
  float* y;
};

// ids[r] = argmin over codes of ||x[r] - code||^2 (kEuclidean) or argmax of the cosine (kCosine); lowest index on ties.
// margin[r] (or null) = second smallest squared distance - smallest, or best cosine - second best.  codes [n, cols] f32.
enum class Metric { kEuclidean, kCosine };
struct NearestArgs {
  const float* x;
  int64_t rows;
  int64_t cols;
  const float* codes;
  int64_t code_count;
  Metric metric;
  int32_t* ids;
  float* margin;
};

// How one row of logits becomes a column, with the processors of Hugging Face's `generate` in its order:
//   1. repetition penalty p over the columns that were seen: logit < 0 ? logit * p : logit / p     (Keskar et al. 2019)
//   2. logit / temperature (below kGreedyBelow: the largest logit is taken, lowest column on ties, and 3 to 5 do not happen)
//   3. top-k (0: off): columns below the k-th largest go; those tied with it stay
//   4. top-p: the smallest set of the most probable columns whose mass is >= p stays, one at least (Holtzman et al. 2020)
//   5. softmax over what is left, and one draw: the first column, in ascending order, at which the sum of the probabilities is
//      above `uniform`
// Arrays of these, and what they point to, are operands.
inline constexpr float kGreedyBelow = 1e-6f;
struct SampleRow {
  double uniform;  // in [0, 1)
  float temperature;
  float top_p;
  float repetition_penalty;
  int32_t top_k;
  uint32_t* seen;  // [ceil(cols / 32)]: bit c % 32 of word c / 32 says that column c was seen; the drawn column is added
};

// logits [rows, cols], changed by the call. columns [rows]: the column drawn; -1 where a logit is NaN or +infinity, or none is finite.
struct SampleArgs {
  float* logits;
  int64_t rows;
  int64_t cols;
  const SampleRow* draws;  // [rows]
  int32_t* columns;
};

struct KernelTable {
  const char* name;  // "reference", "portable", "neon", "neon_i8mm", "avx2", "avxvnni", "avx512", "amx", "cuda"
  void (*linears)(Queue&, const LinearArgs* maps, int64_t count);
  void (*conv1d)(Queue&, const Conv1dArgs&);
  void (*conv_transpose1d)(Queue&, const ConvTranspose1dArgs&);
  void (*depthwise_conv1d)(Queue&, const DepthwiseConv1dArgs&);
  void (*layer_norm)(Queue&, const LayerNormArgs&);
  void (*rms_norm)(Queue&, const RmsNormArgs&);
  void (*rotate_and_store)(Queue&, const RotateAndStoreArgs&);
  void (*attention)(Queue&, const AttentionArgs&);
  void (*activate)(Queue&, const ActivateArgs&);
  void (*affine)(Queue&, const AffineArgs&);
  void (*embed)(Queue&, const EmbedArgs&);
  void (*mean_rows)(Queue&, const MeanRowsArgs&);
  void (*nearest)(Queue&, const NearestArgs&);
  void (*sample)(Queue&, const SampleArgs&);
  // Copies weights into the order in which linears() reads them fastest (rounded, where they are of a block type): panels of
  // panel_rows(type) rows each, the last filled up with zeros. Products have the same bits with the copy (packed_weights.h). Null: they
  // are read as they lie.
  void (*pack)(Queue&, const Weight&, void* panels) = nullptr;
  int64_t (*panel_rows)(DType) = nullptr;

  void linear(Queue& queue, const LinearArgs& map) const { linears(queue, &map, 1); }
};

// Plain loops in the order of the formulas above: the truth in tests. Single-threaded, slow.
const KernelTable& reference_kernels();

// The best table this machine can run, or the one that the environment variable GPA_ISA names (a name as above, but for "cuda").
// Null when GPA_ISA names one that is unknown or cannot run here.
const KernelTable* select_kernels();

// The table of that name, or null when it is unknown or cannot run here.
const KernelTable* find_kernels(const char* name);

// Names that find_kernels() accepts on this machine, best first, null-terminated.
const char* const* available_kernels();

// dst[i] = src[i] in another type (F16, BF16: round to nearest even; NaN stays NaN, overflow becomes infinity). From block
// types exactly, to them as quantize_rows() without importance; count is then a multiple of the block.
void convert_elements(DType from, const void* src, DType to, void* dst, int64_t count);

}  // namespace gpa
