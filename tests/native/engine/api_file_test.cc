// gpa.h on model files: values, tensors, what is out of range; and models whose files do not fit.
#include <cstring>
#include <limits>

#include "engine/gguf_builder.h"
#include "engine/support.h"
#include "engine/walk_model.h"
#include "networks/golden_model.h"

namespace gpa::test {
namespace {

File open_file(const std::string& path) {
  gpa_file* file = nullptr;
  gpa_error error;
  check(gpa_file_open(path.c_str(), &file, &error), error);
  return File(file);
}

// A call must return that status, say `part`, and do the same where nobody wants to know why.
template <class Call>
void expect_status(gpa_status status, const std::string& part, Call call) {
  gpa_error error{};
  EXPECT_EQ(status, call(&error));
  EXPECT_EQ(status, error.code);
  EXPECT_NE(nullptr, std::strstr(error.message, part.c_str())) << error.message;
  EXPECT_EQ(status, call(nullptr));
}

class ApiFile : public testing::Test {
 protected:
  static std::string bytes() {
    Bytes file = Bytes::head(2, 3);
    file.key("count", kGgufU32).u32(7);
    file.key("names", kGgufArray).u32(kGgufString).u64(2).text("one").text("");
    file.key("numbers", kGgufArray).u32(kGgufF32).u64(2).word(0.5f).word(-1.0f);
    file.tensor("matrix", {3, 2}, 0, 0).tensor("list", {4}, 26, 32).pad(32);
    for (int i = 0; i < 8; ++i) file.word(static_cast<float>(i));
    for (int i = 0; i < 4; ++i) file.word(int32_t{100 + i});
    return file.data();
  }
  const TempFile temp_{bytes()};
  const File file_ = open_file(temp_.path());
};

TEST_F(ApiFile, values_are_described) {
  ASSERT_EQ(3, gpa_file_value_count(file_.get()));
  gpa_file_value value;
  ASSERT_EQ(GPA_OK, gpa_file_value_at(file_.get(), 0, &value, nullptr));
  EXPECT_STREQ("count", value.key);
  EXPECT_EQ(kGgufU32, value.type);
  EXPECT_EQ(kGgufU32, value.element_type);
  EXPECT_EQ(1, value.count);
  ASSERT_EQ(GPA_OK, gpa_file_value_at(file_.get(), 1, &value, nullptr));
  EXPECT_STREQ("names", value.key);
  EXPECT_EQ(kGgufArray, value.type);
  EXPECT_EQ(kGgufString, value.element_type);
  EXPECT_EQ(2, value.count);
}

TEST_F(ApiFile, numbers_and_strings_are_read) {
  double number = 0;
  ASSERT_EQ(GPA_OK, gpa_file_number(file_.get(), "count", 0, &number, nullptr));
  EXPECT_EQ(7, number);
  ASSERT_EQ(GPA_OK, gpa_file_number(file_.get(), "numbers", 1, &number, nullptr));
  EXPECT_EQ(-1, number);
  const char* text = nullptr;
  int64_t length = -1;
  ASSERT_EQ(GPA_OK, gpa_file_string(file_.get(), "names", 0, &text, &length, nullptr));
  EXPECT_EQ("one", std::string(text, static_cast<size_t>(length)));
  ASSERT_EQ(GPA_OK, gpa_file_string(file_.get(), "names", 1, &text, &length, nullptr));
  EXPECT_EQ(0, length);
}

TEST_F(ApiFile, tensors_are_described) {
  ASSERT_EQ(2, gpa_file_tensor_count(file_.get()));
  gpa_file_tensor tensor;
  ASSERT_EQ(GPA_OK, gpa_file_tensor_at(file_.get(), 0, &tensor, nullptr));
  EXPECT_STREQ("matrix", tensor.name);
  EXPECT_EQ(GPA_F32, tensor.type);
  EXPECT_EQ(2, tensor.rank);
  EXPECT_EQ((std::vector<int64_t>{2, 3, 1, 1}), std::vector<int64_t>(tensor.shape, tensor.shape + 4));
  EXPECT_EQ(24, tensor.bytes);
  EXPECT_EQ(5.0f, static_cast<const float*>(tensor.data)[5]);
  ASSERT_EQ(GPA_OK, gpa_file_tensor_at(file_.get(), 1, &tensor, nullptr));
  EXPECT_EQ(GPA_I32, tensor.type);
  EXPECT_EQ(103, static_cast<const int32_t*>(tensor.data)[3]);
  EXPECT_EQ(0, std::memcmp(bytes().data() + tensor.offset, tensor.data, static_cast<size_t>(tensor.bytes)));
}

TEST_F(ApiFile, index_out_of_range_is_refused) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max(), kLeast = std::numeric_limits<int64_t>::min();
  gpa_file_value value;
  gpa_file_tensor tensor;
  double number = 42;
  const char* text = nullptr;
  int64_t length = 0;
  for (int64_t index : {int64_t{-1}, int64_t{3}, kMost, kLeast}) {
    const std::string shown = std::to_string(index);
    const auto refused = [&](auto call) { expect_status(GPA_ERROR_INVALID_ARGUMENT, shown, call); };
    refused([&](gpa_error* e) { return gpa_file_value_at(file_.get(), index, &value, e); });
    refused([&](gpa_error* e) { return gpa_file_tensor_at(file_.get(), index, &tensor, e); });
    refused([&](gpa_error* e) { return gpa_file_number(file_.get(), "numbers", index, &number, e); });
    refused([&](gpa_error* e) { return gpa_file_number(file_.get(), "count", index, &number, e); });
    refused([&](gpa_error* e) { return gpa_file_string(file_.get(), "names", index, &text, &length, e); });
  }
  EXPECT_EQ(42, number) << "what is refused writes nothing";
}

TEST_F(ApiFile, other_kinds_and_keys_are_refused) {
  double number = 0;
  const char* text = nullptr;
  int64_t length = 0;
  const auto refused = [](const char* part, auto call) { expect_status(GPA_ERROR_INVALID_ARGUMENT, part, call); };
  refused("'names' holds no numbers", [&](gpa_error* e) { return gpa_file_number(file_.get(), "names", 0, &number, e); });
  refused("'count' holds no strings", [&](gpa_error* e) { return gpa_file_string(file_.get(), "count", 0, &text, &length, e); });
  refused("no metadata 'Count'", [&](gpa_error* e) { return gpa_file_number(file_.get(), "Count", 0, &number, e); });
  refused("no metadata ''", [&](gpa_error* e) { return gpa_file_string(file_.get(), "", 0, &text, &length, e); });
}

TEST_F(ApiFile, null_arguments_are_refused_by_name) {
  gpa_file_value value;
  gpa_file_tensor tensor;
  double number = 0;
  const char* text = nullptr;
  int64_t length = 0;
  const gpa_file* file = file_.get();
  const auto refused = [](const char* part, auto call) { expect_status(GPA_ERROR_INVALID_ARGUMENT, part, call); };
  gpa_file* opened = nullptr;
  refused("path is null", [&](gpa_error* e) { return gpa_file_open(nullptr, &opened, e); });
  refused("file is null", [&](gpa_error* e) { return gpa_file_open("x", nullptr, e); });
  refused("file is null", [&](gpa_error* e) { return gpa_file_value_at(nullptr, 0, &value, e); });
  refused("value is null", [&](gpa_error* e) { return gpa_file_value_at(file, 0, nullptr, e); });
  refused("file is null", [&](gpa_error* e) { return gpa_file_tensor_at(nullptr, 0, &tensor, e); });
  refused("tensor is null", [&](gpa_error* e) { return gpa_file_tensor_at(file, 0, nullptr, e); });
  refused("file is null", [&](gpa_error* e) { return gpa_file_number(nullptr, "count", 0, &number, e); });
  refused("key is null", [&](gpa_error* e) { return gpa_file_number(file, nullptr, 0, &number, e); });
  refused("number is null", [&](gpa_error* e) { return gpa_file_number(file, "count", 0, nullptr, e); });
  refused("file is null", [&](gpa_error* e) { return gpa_file_string(nullptr, "names", 0, &text, &length, e); });
  refused("key is null", [&](gpa_error* e) { return gpa_file_string(file, nullptr, 0, &text, &length, e); });
  refused("string is null", [&](gpa_error* e) { return gpa_file_string(file, "names", 0, nullptr, &length, e); });
  refused("length is null", [&](gpa_error* e) { return gpa_file_string(file, "names", 0, &text, nullptr, e); });
}

// ---- models ----

// A model of these bytes must be refused.
void expect_model_refused(gpa_status status, const std::string& part, std::string_view bytes, int32_t check_finite = 0) {
  const TempFile file(bytes);
  gpa_model* model = reinterpret_cast<gpa_model*>(1);
  expect_status(status, part, [&](gpa_error* e) { return gpa_model_open(file.path().c_str(), check_finite, &model, e); });
  EXPECT_EQ(nullptr, model);
}

// The walking model with its value or tensor of that name renamed, so that it is missing.
std::string without(const std::string& name) {
  std::string bytes = walk_model().data();
  const size_t at = bytes.find(name);
  EXPECT_NE(std::string::npos, at) << name;
  bytes[at] = '_';
  return bytes;
}

TEST(ApiModel, bare_decoder_opens) {
  const TempFile temp(walk_model());
  const ModelHandle model = open_model(temp.path());
  const gpa_file* file = gpa_model_file(model.get());
  ASSERT_NE(nullptr, file);
  EXPECT_EQ(14, gpa_file_tensor_count(file));
  double layers = 0;
  EXPECT_EQ(GPA_OK, gpa_file_number(file, "gpa.decoder.block_count", 0, &layers, nullptr));
  EXPECT_EQ(1, layers);
}

TEST(ApiModel, missing_metadata_is_refused_by_name) {
  for (const char* key : {"general.architecture", "gpa.format_version", "gpa.networks", "gpa.decoder.architecture", "gpa.decoder.block_count",
                          "gpa.decoder.embedding_length", "gpa.decoder.feed_forward_length", "gpa.decoder.head_count", "gpa.decoder.head_dim",
                          "gpa.decoder.context_length", "gpa.decoder.vocab_size", "gpa.decoder.rms_epsilon", "gpa.decoder.rope_theta"}) {
    expect_model_refused(GPA_ERROR_MODEL_FORMAT, key, without(key));
  }
}

TEST(ApiModel, missing_tensors_are_refused_by_name) {
  for (const char* name : {"token_embd.weight", "output_norm.weight", "blk.0.attn_norm.weight", "blk.0.attn_q.weight", "blk.0.attn_k.weight",
                           "blk.0.attn_v.weight", "blk.0.attn_q_norm.weight", "blk.0.attn_k_norm.weight", "blk.0.attn_output.weight",
                           "blk.0.ffn_norm.weight", "blk.0.ffn_gate.weight", "blk.0.ffn_up.weight", "blk.0.ffn_down.weight"}) {
    const std::string full = std::string("decoder.") + name;
    expect_model_refused(GPA_ERROR_MODEL_FORMAT, "tensor '" + full + "' is missing", without(full));
  }
}

TEST(ApiModel, tensor_of_no_network_is_refused) {
  const auto stranger = walk_model(walk_head(), [](GgufBuilder& file) { file.tensor("decoder.blk.1.attn_norm.weight", {4}, {1, 2, 3, 4}); });
  expect_model_refused(GPA_ERROR_MODEL_FORMAT, "'decoder.blk.1.attn_norm.weight' belongs to no network", stranger);
}

TEST(ApiModel, other_architectures_are_unsupported) {
  expect_model_refused(GPA_ERROR_UNSUPPORTED, "architecture 'llama'", GgufBuilder().value("general.architecture", "llama").build());
}

TEST(ApiModel, weights_that_are_not_finite_are_refused_when_asked_for) {
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
    std::vector<float> head = walk_head();
    head[1234] = bad;
    const Bytes bytes = walk_model(head, [](GgufBuilder&) {});
    expect_model_refused(GPA_ERROR_MODEL_FORMAT, "'decoder.output.weight' holds NaN or infinity at element 1234", bytes, 1);
    EXPECT_NO_THROW(open_model(TempFile(bytes).path()));
  }
}

TEST(ApiModel, golden_model_opens_with_finite_weights) {
  gpa_model* model = nullptr;
  ASSERT_EQ(GPA_OK, gpa_model_open(golden_model().path().c_str(), 1, &model, nullptr));
  gpa_model_free(model);
}

TEST(ApiModel, null_arguments_are_refused_by_name) {
  gpa_model* model = nullptr;
  expect_status(GPA_ERROR_INVALID_ARGUMENT, "path is null", [&](gpa_error* e) { return gpa_model_open(nullptr, 0, &model, e); });
  expect_status(GPA_ERROR_INVALID_ARGUMENT, "model is null", [&](gpa_error* e) { return gpa_model_open("x", 0, nullptr, e); });
}

}  // namespace
}  // namespace gpa::test
