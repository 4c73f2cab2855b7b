// Every refusal of the GGUF reader, each by a file made for it; and what good files give.
#include "io/gguf_reader.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/gguf_builder.h"
#include "engine/support.h"
#include "error.h"

namespace gpa::test {
namespace {

std::vector<std::string_view> all_of(const GgufStrings& strings) {
  std::vector<std::string_view> out;
  for (size_t i = 0; i < strings.size(); ++i) out.push_back(strings[i]);
  return out;
}

constexpr uint32_t kF32 = 0, kQ8_0 = 8, kF64 = 28;

// The file must be refused as misshapen, its path and `part` in the message.
void expect_refused(std::string_view part, std::string_view bytes) {
  const TempFile file(bytes);
  expect_failure(GPA_ERROR_MODEL_FORMAT, part, [&] { GgufFile::open(file.path()); });
  expect_failure(GPA_ERROR_MODEL_FORMAT, file.path(), [&] { GgufFile::open(file.path()); });
}

std::shared_ptr<const GgufFile> open(std::string_view bytes) { return GgufFile::open(TempFile(bytes).path()); }

// A file of one metadata entry, whose value's bytes follow.
Bytes one_value(uint32_t type, std::string_view key = "some.key") { return Bytes::head(0, 1).key(key, type); }

Bytes one_array(uint32_t element_type, uint64_t count) { return one_value(kGgufArray).u32(element_type).u64(count); }

// A file of one tensor with 1024 bytes of data.
Bytes one_tensor(const std::vector<uint64_t>& extents, uint32_t type, uint64_t offset = 0) {
  return Bytes::head(1, 0).tensor("some.tensor", extents, type, offset).pad(32).zeros(1024);
}

// Two tensors of 32 bytes each.
Bytes two_tensors(const char* second, uint64_t first_offset, uint64_t second_offset) {
  return Bytes::head(2, 0).tensor("first", {8}, kF32, first_offset).tensor(second, {8}, kF32, second_offset).pad(32).zeros(64);
}

// ---- files that are none ----

TEST(GgufMap, what_cannot_be_read_is_an_io_error) {
  const std::string folder = testing::TempDir();
  expect_failure(GPA_ERROR_IO, "gpa_no_such_file", [&] { GgufFile::open(folder + "gpa_no_such_file"); });
  expect_failure(GPA_ERROR_IO, "not a regular file", [&] { GgufFile::open(folder); });
  expect_failure(GPA_ERROR_IO, "not a regular file", [&] { GgufFile::open("/dev/null"); });
  expect_failure(GPA_ERROR_IO, "cannot be opened", [&] { GgufFile::open(""); });
}

TEST(GgufMap, named_pipe_is_refused_at_once) {
  const TempFile place;
  const std::string path = place.path() + ".pipe";
  ASSERT_EQ(0, mkfifo(path.c_str(), 0600));
  expect_failure(GPA_ERROR_IO, "not a regular file", [&] { GgufFile::open(path); });
  unlink(path.c_str());
}

TEST(GgufMap, empty_file_is_refused) { expect_refused("is empty", ""); }

// ---- the first words ----

TEST(GgufHead, other_magic_is_refused) {
  for (const char* bytes : {"G", "GGU", "GGML", "gguf\3\0\0\0", "PK\3\4 and so on"}) expect_refused("not a GGUF file", bytes);
}

TEST(GgufHead, other_versions_are_refused) {
  for (uint32_t version : {0u, 1u, 4u, 3u << 24}) expect_refused("GGUF version " + std::to_string(version), Bytes::head(0, 0, version));
}

TEST(GgufHead, words_cut_short_are_refused) {
  expect_refused("version at byte 4 needs 4 bytes, the file has 0 left", "GGUF");
  expect_refused("version at byte 4 needs 4 bytes, the file has 2 left", Bytes().raw("GGUF").word(uint16_t{3}));
  expect_refused("tensor count at byte 8", Bytes().raw("GGUF").u32(3).u32(0));
  expect_refused("metadata count at byte 16", Bytes().raw("GGUF").u32(3).u64(0).u32(0));
}

TEST(GgufHead, counts_that_the_file_cannot_hold_are_refused) {
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  for (uint64_t count : {uint64_t{1}, uint64_t{1} << 20, kMost}) {
    expect_refused("tensor count " + std::to_string(count), Bytes::head(count, 0));
    expect_refused("metadata count " + std::to_string(count), Bytes::head(0, count));
  }
  expect_refused("tensor count 65537", Bytes::head(65537, 0).zeros(65537 * 33));
  expect_refused("metadata count 65537", Bytes::head(0, 65537).zeros(65537 * 14));
}

// ---- names ----

TEST(GgufName, keys_that_are_no_names_are_refused) {
  expect_refused("metadata key of 0 bytes", one_value(kGgufU32, "").u32(1));
  expect_refused("metadata key of 65536 bytes", one_value(kGgufU32, std::string(65536, 'k')).u32(1));
  expect_refused("metadata key 'a?b' holds a control character", one_value(kGgufU32, "a\nb").u32(1));
  expect_refused("control character", one_value(kGgufU32, std::string_view("a\0b", 3)).u32(1));
  expect_refused("control character", one_value(kGgufU32, "a\x7f").u32(1));
}

TEST(GgufName, length_beyond_the_file_is_refused) {
  for (uint64_t length : {uint64_t{100}, uint64_t{1} << 63, std::numeric_limits<uint64_t>::max()}) {
    expect_refused("metadata key at byte 32 needs " + std::to_string(length), Bytes::head(0, 1).u64(length).raw("some.key").u32(4).u32(1));
  }
}

TEST(GgufName, tensor_names_follow_the_same_rules) {
  const auto named = [](std::string_view name) { return Bytes::head(1, 0).tensor(name, {8}, kF32, 0).pad(32).zeros(32); };
  expect_refused("tensor name of 0 bytes", named("").zeros(32));
  expect_refused("tensor name of 65536 bytes", named(std::string(65536, 't')));
  expect_refused("tensor name 'a?' holds a control character", named("a\t"));
}

TEST(GgufName, long_names_are_shortened_in_messages) {
  EXPECT_EQ("'" + std::string(80, 'x') + "...'", gpa::quoted(std::string(81, 'x')));
  EXPECT_EQ("'" + std::string(80, 'x') + "'", gpa::quoted(std::string(80, 'x')));
  EXPECT_EQ("'??a?'", gpa::quoted("\xc3\xa4" "a\x01"));
}

TEST(GgufName, names_that_appear_twice_are_refused) {
  expect_refused("metadata key 'k' appears twice", Bytes::head(0, 2).key("k", kGgufU32).u32(1).key("k", kGgufU8).u8(1));
  expect_refused("tensor 'first' appears twice", two_tensors("first", 0, 32));
}

// ---- values ----

TEST(GgufValue, unknown_types_are_refused) {
  for (uint32_t type : {13u, 99u, 0x80000000u, 0xFFFFFFFFu}) {
    expect_refused("'some.key' has the unknown type " + std::to_string(static_cast<int32_t>(type)), one_value(type).zeros(16));
  }
}

TEST(GgufValue, cut_short_is_refused) {
  expect_refused("metadata 'some.key' at byte", Bytes::head(0, 1).text("some.key").zeros(2));
  const std::pair<uint32_t, size_t> sizes[] = {{kGgufU8, 1},  {kGgufI8, 1},  {kGgufBool, 1}, {kGgufU16, 2}, {kGgufI16, 2}, {kGgufU32, 4},
                                               {kGgufI32, 4}, {kGgufF32, 4}, {kGgufU64, 8},  {kGgufI64, 8}, {kGgufF64, 8}};
  for (const auto& [type, bytes] : sizes) {
    expect_refused("'some.key' at byte", one_value(type).zeros(bytes - 1));
    EXPECT_EQ(0, open(one_value(type).zeros(bytes))->number("some.key"));
  }
  expect_refused("'some.key' at byte", one_value(kGgufString).u32(0));
  expect_refused("'some.key' at byte", one_value(kGgufString).u64(5).raw("four"));
  expect_refused("'some.key' at byte", one_value(kGgufString).u64(std::numeric_limits<uint64_t>::max()).raw("four"));
}

TEST(GgufValue, bool_of_another_value_is_refused) {
  for (int value : {2, 255}) expect_refused("bool that is neither 0 nor 1", one_value(kGgufBool).u8(static_cast<uint8_t>(value)));
  expect_refused("bool that is neither 0 nor 1", one_array(kGgufBool, 2).u8(1).u8(2));
}

TEST(GgufArray, element_types_that_cannot_be_are_refused) {
  expect_refused("'some.key' is an array of the unsupported type 9", one_array(kGgufArray, 1).zeros(32));
  for (uint32_t type : {13u, 0xFFFFFFFFu}) expect_refused("'some.key' is an array of the unknown type", one_array(type, 1).zeros(32));
}

TEST(GgufArray, counts_beyond_the_file_are_refused) {
  for (uint64_t count : {uint64_t{5}, uint64_t{1} << 62, std::numeric_limits<uint64_t>::max()}) {
    expect_refused("array of " + std::to_string(count) + " elements: too many", one_array(kGgufU32, count).zeros(16));
    expect_refused("array of " + std::to_string(count) + " elements: too many", one_array(kGgufString, count).zeros(16));
  }
  expect_refused("'some.key' at byte", one_value(kGgufArray).zeros(2));
  expect_refused("'some.key' at byte", one_value(kGgufArray).u32(kGgufU8).zeros(2));
}

TEST(GgufArray, strings_that_end_behind_the_file_are_refused) {
  expect_refused("'some.key' at byte", one_array(kGgufString, 2).text("one").u64(100).raw("two"));
}

// ---- tensors ----

TEST(GgufTensorEntry, ranks_from_one_to_four_only) {
  expect_refused("'some.tensor' has rank 0", one_tensor({}, kF32));
  expect_refused("'some.tensor' has rank 5", one_tensor({1, 1, 1, 1, 1}, kF32));
  const auto file = open(Bytes::head(1, 0).tensor("some.tensor", {4, 3, 1, 2}, kF32, 0).pad(32).zeros(96));
  EXPECT_EQ((std::vector<int64_t>{2, 1, 3, 4}), file->tensors()[0].shape);
}

TEST(GgufTensorEntry, extents_that_cannot_be_are_refused) {
  expect_refused("has the extent 0", one_tensor({0}, kF32));
  expect_refused("has the extent 0", one_tensor({8, 0}, kF32));
  for (uint64_t extent : {(uint64_t{1} << 62) + 1, uint64_t{1} << 63, std::numeric_limits<uint64_t>::max()}) {
    expect_refused("has the extent " + std::to_string(extent), one_tensor({extent}, kF32));
  }
  expect_refused("has the extent", one_tensor({uint64_t{1} << 32, uint64_t{1} << 31}, kF32));
  expect_refused("has the extent", one_tensor({uint64_t{1} << 62, 1, 1, 4}, kF32));
}

TEST(GgufTensorEntry, more_bytes_than_a_number_holds_are_refused) {
  expect_refused("is larger than any file", one_tensor({uint64_t{1} << 62}, kF64));
  expect_refused("is larger than any file", one_tensor({uint64_t{1} << 31, uint64_t{1} << 31}, kF32));
}

TEST(GgufTensorEntry, unknown_types_are_refused) {
  for (uint32_t type : {4u, 5u, 31u, 1000u, 0xFFFFFFFFu}) {
    expect_refused("'some.tensor' has the unknown type " + std::to_string(static_cast<int32_t>(type)), one_tensor({32}, type));
  }
}

TEST(GgufTensorEntry, broken_blocks_are_refused) {
  expect_refused("rows of 48 elements are no whole blocks of Q8_0", one_tensor({48, 2}, kQ8_0));
  expect_refused("rows of 128 elements are no whole blocks of Q4_K", one_tensor({128, 2}, 12));
}

TEST(GgufTensorEntry, data_behind_the_file_is_refused) {
  expect_refused("end behind the file", one_tensor({8}, kF32, uint64_t{1} << 40));
  expect_refused("end behind the file", one_tensor({8}, kF32, std::numeric_limits<uint64_t>::max() - 31));
  expect_refused("end behind the file", one_tensor({1 << 20}, kF32));
}

TEST(GgufTensorEntry, cut_short_is_refused) {
  // Padding to the bytes that the smallest tensor takes, so that the count is believed.
  const auto cut = [](Bytes entry) { return Bytes::head(1, 0).raw(entry); };
  const std::string name(24, 'n');
  expect_refused("tensor '" + name + "' at byte", cut(Bytes().text(name).raw("..")));
  expect_refused("tensor '" + name + "' at byte", cut(Bytes().text(name).u32(1).u32(8)));
  expect_refused("tensor '" + name + "' at byte", cut(Bytes().text(name).u32(1).u64(8).raw("..")));
  expect_refused("tensor '" + name + "' at byte", cut(Bytes().text(name).u32(1).u64(8).u32(0).u32(0)));
}

TEST(GgufPlaces, offset_that_is_not_aligned_is_refused) {
  expect_refused("offset 4 is no multiple of 32", one_tensor({8}, kF32, 4));
  expect_refused("offset 16 is no multiple of 32", one_tensor({8}, kF32, 16));
}

TEST(GgufPlaces, truncated_data_is_refused) {
  const std::string whole = one_tensor({256}, kF32).data();
  EXPECT_NO_THROW(open(whole));
  for (size_t missing : {1, 31, 32}) expect_refused("(truncated?)", whole.substr(0, whole.size() - missing));
}

TEST(GgufPlaces, overlapping_tensors_are_refused) {
  EXPECT_NO_THROW(open(two_tensors("second", 0, 32)));
  EXPECT_NO_THROW(open(two_tensors("second", 32, 0)));
  expect_refused("overlaps", two_tensors("second", 0, 0));
  expect_refused("tensor 'first' overlaps 'second'", Bytes::head(2, 0).tensor("first", {8}, kF32, 32).tensor("second", {16}, kF32, 0).pad(32).zeros(64));
}

TEST(GgufPlaces, bytes_behind_the_last_tensor_are_refused) {
  const Bytes whole = two_tensors("second", 0, 32);
  expect_refused("1 bytes follow the last tensor", Bytes(whole).zeros(1));
  expect_refused("4096 bytes follow the last tensor", Bytes(whole).zeros(4096));
  expect_refused("bytes follow the last tensor", Bytes::head(0, 0).pad(32).zeros(32));
  EXPECT_NO_THROW(open(Bytes::head(0, 0).pad(32)));
}

// ---- alignment ----

TEST(GgufAlignment, only_powers_of_two_as_u32) {
  const auto aligned = [](uint32_t alignment) { return Bytes::head(0, 1).key("general.alignment", kGgufU32).u32(alignment); };
  for (uint32_t bad : {0u, 1u, 4u, 7u, 24u, 48u, 1u << 17, 0xFFFFFFFFu}) expect_refused("'general.alignment' is " + std::to_string(bad), aligned(bad));
  for (uint32_t good : {8u, 16u, 64u, 1u << 16}) EXPECT_NO_THROW(open(aligned(good))) << good;
  expect_refused("'general.alignment' is no u32", Bytes::head(0, 1).key("general.alignment", kGgufU64).u64(32));
  expect_refused("'general.alignment' is no u32", Bytes::head(0, 1).key("general.alignment", kGgufString).text("32"));
}

TEST(GgufAlignment, data_begins_at_a_multiple) {
  for (uint32_t alignment : {8u, 32u, 64u, 4096u}) {
    Bytes file = Bytes::head(1, 1).key("general.alignment", kGgufU32).u32(alignment).tensor("t", {2}, kF32, 0).pad(alignment);
    const size_t begin = file.data().size();
    const auto read = open(file.word(1.5f).word(-2.0f));
    const GgufTensor* tensor = read->find_tensor("t");
    ASSERT_NE(nullptr, tensor);
    EXPECT_EQ(static_cast<int64_t>(begin), tensor->offset);
    EXPECT_EQ(-2.0f, static_cast<const float*>(tensor->data)[1]);
  }
}

// ---- good files ----

Bytes file_of_all_types(uint32_t version) {
  Bytes file = Bytes::head(2, 15, version);
  file.key("u8", kGgufU8).u8(200).key("i8", kGgufI8).word(int8_t{-100}).key("u16", kGgufU16).word(uint16_t{60000});
  file.key("i16", kGgufI16).word(int16_t{-30000}).key("u32", kGgufU32).u32(4000000000u).key("i32", kGgufI32).word(int32_t{-2000000000});
  file.key("f32", kGgufF32).word(0.5f).key("bool", kGgufBool).u8(1).key("string", kGgufString).text("Grüße");
  file.key("u64", kGgufU64).u64(uint64_t{1} << 52).key("i64", kGgufI64).word(-(int64_t{1} << 52)).key("f64", kGgufF64).word(1e300);
  file.key("numbers", kGgufArray).u32(kGgufI16).u64(3).word(int16_t{-1}).word(int16_t{0}).word(int16_t{7});
  file.key("strings", kGgufArray).u32(kGgufString).u64(3).text("a").text("").text("bc");
  file.key("empty", kGgufArray).u32(kGgufF32).u64(0);
  file.tensor("weights", {32, 2}, kQ8_0, 0).tensor("bias", {2}, kF32, 96).pad(32);
  return file.zeros(96).word(1.0f).word(2.0f);
}

TEST(GgufFile, every_type_is_read) {
  for (uint32_t version : {2u, 3u}) {
    const auto file = open(file_of_all_types(version));
    EXPECT_EQ(200, file->number("u8"));
    EXPECT_EQ(-100, file->number("i8"));
    EXPECT_EQ(60000, file->number("u16"));
    EXPECT_EQ(-30000, file->number("i16"));
    EXPECT_EQ(4e9, file->number("u32"));
    EXPECT_EQ(-2e9, file->number("i32"));
    EXPECT_EQ(0.5, file->number("f32"));
    EXPECT_EQ(1, file->number("bool"));
    EXPECT_EQ("Grüße", file->string("string"));
    EXPECT_EQ(std::ldexp(1, 52), file->number("u64"));
    EXPECT_EQ(-std::ldexp(1, 52), file->number("i64"));
    EXPECT_EQ(1e300, file->number("f64"));
    EXPECT_EQ((std::vector<int64_t>{-1, 0, 7}), file->integers("numbers", -1, 7));
    EXPECT_EQ((std::vector<std::string_view>{"a", "", "bc"}), all_of(file->find_value("strings")->strings));
    EXPECT_TRUE(file->integers("empty", 0, 0).empty());
    const GgufTensor* weights = file->find_tensor("weights");
    ASSERT_NE(nullptr, weights);
    EXPECT_EQ((std::vector<int64_t>{2, 32}), weights->shape);
    EXPECT_EQ(68, weights->bytes);
    EXPECT_EQ(2.0f, static_cast<const float*>(file->find_tensor("bias")->data)[1]);
    EXPECT_EQ(nullptr, file->find_tensor("Bias"));
    EXPECT_EQ(nullptr, file->find_value("u9"));
  }
}

TEST(GgufFile, wrong_kinds_are_refused_by_key) {
  const auto file = open(file_of_all_types(3));
  const auto refused = [&](const char* part, auto read) { expect_failure(GPA_ERROR_MODEL_FORMAT, part, [&] { read(*file); }); };
  refused("metadata 'none' is missing", [](const GgufFile& f) { f.number("none"); });
  refused("metadata 'none' is missing", [](const GgufFile& f) { f.string("none"); });
  refused("metadata 'none' is missing", [](const GgufFile& f) { f.integers("none", 0, 1); });
  refused("'string' is no number", [](const GgufFile& f) { f.number("string"); });
  refused("'numbers' is no number", [](const GgufFile& f) { f.number("numbers"); });
  refused("'u8' is no string", [](const GgufFile& f) { f.string("u8"); });
  refused("'strings' is no string", [](const GgufFile& f) { f.string("strings"); });
  refused("'strings' is no array of numbers", [](const GgufFile& f) { f.integers("strings", 0, 1); });
  refused("'u8' is no array of numbers", [](const GgufFile& f) { f.integers("u8", 0, 255); });
  refused("'u8' is 200, not a whole number from 0 to 199", [](const GgufFile& f) { f.integer("u8", 0, 199); });
  refused("'i8' is -100", [](const GgufFile& f) { f.integer("i8", 0, 199); });
  refused("'f32' is 0.5, not a whole number", [](const GgufFile& f) { f.integer("f32", 0, 1); });
  refused("'f64' is 1e+300", [](const GgufFile& f) { f.integer("f64", 0, std::numeric_limits<int64_t>::max()); });
  refused("'numbers' is -1", [](const GgufFile& f) { f.integers("numbers", 0, 7); });
  EXPECT_EQ(200, file->integer("u8", 200, 200));
}

TEST(GgufFile, nan_is_no_integer) {
  const auto file = open(one_value(kGgufF32).word(std::numeric_limits<float>::quiet_NaN()));
  expect_failure(GPA_ERROR_MODEL_FORMAT, "'some.key' is", [&] { file->integer("some.key", 0, 10); });
}

TEST(GgufFile, outlives_its_path) {
  std::shared_ptr<const GgufFile> file = open(file_of_all_types(3));  // the file is removed by now
  EXPECT_EQ("Grüße", file->string("string"));
}

// ---- damage of any kind ----

// How a damaged file may open: well, or as a format error. Anything else (or a crash) is a defect.
void expect_open_or_refused(const std::string& bytes, const std::string& what) {
  const TempFile file(bytes);
  const Failure failure = guarded([&] {
    const auto read = GgufFile::open(file.path());
    volatile int64_t sum = 0;  // all that it says must be readable
    for (const GgufTensor& tensor : read->tensors()) {
      const auto* data = static_cast<const unsigned char*>(tensor.data);
      sum = sum + data[0] + data[tensor.bytes - 1];
    }
    for (const GgufValue& value : read->values()) {
      for (std::string_view text : all_of(value.strings)) sum = sum + (text.empty() ? 0 : text.front() + text.back());
    }
  });
  EXPECT_TRUE(failure.code == GPA_OK || failure.code == GPA_ERROR_MODEL_FORMAT) << what << ": " << failure.message;
}

TEST(GgufDamage, every_truncation_is_refused) {
  const std::string whole = file_of_all_types(3).data();
  EXPECT_NO_THROW(open(whole));
  for (size_t length = 0; length < whole.size(); ++length) {
    const TempFile file(whole.substr(0, length));
    EXPECT_EQ(GPA_ERROR_MODEL_FORMAT, guarded([&] { GgufFile::open(file.path()); }).code) << length << " of " << whole.size() << " bytes";
  }
}

TEST(GgufDamage, no_changed_byte_crashes) {
  const std::string whole = file_of_all_types(3).data();
  for (size_t at = 0; at < whole.size() - 104; ++at) {  // not in the data
    for (int change : {0x01, 0x80, 0xFF}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      expect_open_or_refused(damaged, "byte " + std::to_string(at) + " ^ " + std::to_string(change));
    }
  }
}

}  // namespace
}  // namespace gpa::test
