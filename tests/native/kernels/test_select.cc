// find_kernels, select_kernels, available_kernels, GPA_ISA.
#include <cstdlib>

#include "kernels/support.h"

namespace gpa::test {
namespace {

// Sets GPA_ISA for one test and restores it.
class Isa {
 public:
  explicit Isa(const char* value) {
    const char* old = std::getenv("GPA_ISA");
    had_ = old != nullptr;
    if (had_) old_ = old;
    if (value)
      setenv("GPA_ISA", value, 1);
    else
      unsetenv("GPA_ISA");
  }
  ~Isa() {
    if (had_)
      setenv("GPA_ISA", old_.c_str(), 1);
    else
      unsetenv("GPA_ISA");
  }
  Isa(const Isa&) = delete;

 private:
  bool had_;
  std::string old_;
};

TEST(Select, available_endsWithPortableAndReference) {
  const auto names = tables();
  ASSERT_GE(names.size(), 2u);
  EXPECT_EQ("reference", names.back());
  EXPECT_EQ("portable", names[names.size() - 2]);
}

TEST(Select, everyAvailableName_isFoundAndCanBeForced) {
  for (const std::string& name : tables()) {
    ASSERT_NE(nullptr, find_kernels(name.c_str())) << name;
    EXPECT_EQ(name, find_kernels(name.c_str())->name);
    Isa isa(name.c_str());
    EXPECT_EQ(find_kernels(name.c_str()), select_kernels());
  }
}

TEST(Select, unknownName_isNull) {
  EXPECT_EQ(nullptr, find_kernels("avx1024"));
  EXPECT_EQ(nullptr, find_kernels(""));
  EXPECT_EQ(nullptr, find_kernels(nullptr));
  EXPECT_EQ(nullptr, find_kernels("AVX2"));
  Isa isa("avx1024");
  EXPECT_EQ(nullptr, select_kernels());
}

TEST(Select, nothingForced_isTheBest) {
  for (const char* value : {static_cast<const char*>(nullptr), ""}) {
    Isa isa(value);
    ASSERT_NE(nullptr, select_kernels());
    EXPECT_EQ(tables().front(), select_kernels()->name);
  }
}

TEST(Select, everyTable_hasEveryOp) {
  for (const std::string& name : tables()) {
    const KernelTable& k = *find_kernels(name.c_str());
    EXPECT_TRUE(k.linears && k.conv1d && k.conv_transpose1d && k.depthwise_conv1d && k.layer_norm && k.rms_norm && k.rotate_and_store &&
                k.attention && k.activate && k.affine && k.embed && k.mean_rows && k.nearest && k.sample)
        << name;
  }
}

}  // namespace
}  // namespace gpa::test
