// Text in buffers of a fixed size, and the messages of gpa.h and the log that are made with it.
#include "utf8.h"

#include <cstring>

#include "engine/support.h"
#include "log.h"

namespace gpa::test {
namespace {

std::string copied(std::string_view text, size_t size) {
  std::string out(size + 8, '#');
  copy_utf8(text, out.data(), size);
  EXPECT_EQ(std::string(8, '#'), out.substr(size)) << "written behind the buffer";
  EXPECT_NE(nullptr, std::memchr(out.data(), 0, size)) << "no terminating zero";
  return out.c_str();
}

TEST(CopyUtf8, what_fits_is_copied) {
  EXPECT_EQ("", copied("", 1));
  EXPECT_EQ("Grüße, 世界 🙂", copied("Grüße, 世界 🙂", 100));
  EXPECT_EQ("abc", copied("abc", 4));
}

TEST(CopyUtf8, cut_falls_between_characters) {
  EXPECT_EQ("ab", copied("abc", 3));
  EXPECT_EQ("", copied("ü", 2));
  EXPECT_EQ("ü", copied("ü", 3));
  for (size_t size : {4, 5, 6}) EXPECT_EQ("世", copied("世界", size)) << size;
  for (size_t size = 2; size < 6; ++size) EXPECT_EQ("a", copied("a🙂", size)) << size;
  EXPECT_EQ("a🙂", copied("a🙂", 6));
}

TEST(CopyUtf8, what_is_no_character_becomes_a_question_mark) {
  EXPECT_EQ("?", copied("\x80", 10));
  EXPECT_EQ("a??b", copied("a\xff\xfe" "b", 10));
  EXPECT_EQ("?x", copied("\xc3x", 10));
  EXPECT_EQ("??", copied("\xe4\xb8", 10)) << "a character that ends too soon";
  EXPECT_EQ("??", copied("\xc0\xaf", 10)) << "overlong";
  EXPECT_EQ("???", copied("\xe0\x80\xaf", 10)) << "overlong";
  EXPECT_EQ("????", copied("\xf0\x80\x80\xaf", 10)) << "overlong";
  EXPECT_EQ("???", copied("\xed\xa0\x80", 10)) << "a surrogate";
  EXPECT_EQ("????", copied("\xf4\x90\x80\x80", 10)) << "beyond U+10FFFF";
  EXPECT_EQ("????", copied("\xf5\x80\x80\x80", 10));
  EXPECT_EQ("\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80", copied("\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80", 20)) << "the outermost that exist";
}

// The message about a file that is not there, whatever its name.
std::string message_about(const std::string& path) {
  gpa_error error;
  std::memset(&error, 'x', sizeof error);
  gpa_file* file = nullptr;
  EXPECT_EQ(GPA_ERROR_IO, gpa_file_open(path.c_str(), &file, &error));
  EXPECT_EQ(GPA_ERROR_IO, error.code);
  EXPECT_NE(nullptr, std::memchr(error.message, 0, sizeof error.message)) << "no terminating zero";
  return error.message;
}

TEST(ErrorMessage, long_ones_are_cut_between_characters) {
  for (const char* character : {"x", "ü", "世", "🙂"}) {
    const size_t bytes = std::strlen(character);
    for (size_t before = 0; before < bytes; ++before) {
      std::string path(before + 1, 'a');
      path[0] = '/';
      for (int i = 0; i < 600; ++i) path += character;
      const size_t shown = before + 1 + (511 - before - 1) / bytes * bytes;
      EXPECT_EQ(path.substr(0, shown), message_about(path));
    }
  }
}

TEST(ErrorMessage, names_in_other_encodings_stay_readable) {
  EXPECT_EQ(0u, message_about("/nowhere/Gr\xfc\xdf" "e.gguf").find("/nowhere/Gr??e.gguf: cannot be opened"));
}

TEST(ErrorMessage, success_leaves_the_error_alone) {
  gpa_error error;
  std::memset(&error, 'x', sizeof error);
  float from = 1, to = 0;
  EXPECT_EQ(GPA_OK, gpa_dtype_convert(GPA_F32, &from, GPA_F32, &to, 1, &error));
  EXPECT_EQ('x', error.message[0]);
}

TEST(Log, lines_reach_the_sink_until_it_is_taken_away) {
  struct Line {
    int32_t level;
    std::string text;
  };
  std::vector<Line> lines;
  const auto sink = [](void* user, int32_t level, const char* message) { static_cast<std::vector<Line>*>(user)->push_back({level, message}); };
  gpa_log_set(sink, &lines);
  log(LogLevel::kWarning, "%s %d", "number", 5);
  std::string wide;
  for (int i = 0; i < 2000; ++i) wide += "界";
  log(LogLevel::kDebug, "%s", wide.c_str());
  gpa_log_set(nullptr, nullptr);
  log(LogLevel::kError, "unheard");
  ASSERT_EQ(2u, lines.size());
  EXPECT_EQ(1, lines[0].level);
  EXPECT_EQ("number 5", lines[0].text);
  EXPECT_EQ(3, lines[1].level);
  EXPECT_EQ(wide.substr(0, 1023), lines[1].text);
}

}  // namespace
}  // namespace gpa::test
