#include "engine/usable_cores.h"

#include <sched.h>

#include <filesystem>
#include <fstream>

#include "engine/support.h"

namespace gpa::test {
namespace {

namespace fs = std::filesystem;

// A folder like /sys/fs/cgroup, removed at the end.
class Groups : public testing::Test {
 protected:
  Groups() {
    std::string name = testing::TempDir() + "gpa_groups_XXXXXX";
    if (!mkdtemp(name.data())) throw std::runtime_error(name + ": cannot be made");
    root_ = name;
  }
  ~Groups() override { fs::remove_all(root_); }

  void write(const std::string& file, const std::string& text) {
    fs::create_directories(fs::path(root_ + file).parent_path());
    std::ofstream(root_ + file) << text;
  }
  int granted(const std::string& self) const { return granted_cores(self, root_); }

  std::string root_;
};

TEST_F(Groups, version2_quotaOverPeriodRoundedUp) {
  write("/pod/box/cpu.max", "150000 100000\n");
  EXPECT_EQ(2, granted("0::/pod/box\n"));
  write("/pod/box/cpu.max", "50000 100000\n");
  EXPECT_EQ(1, granted("0::/pod/box\n"));
  write("/pod/box/cpu.max", "max 100000\n");
  EXPECT_EQ(0, granted("0::/pod/box\n"));
}

TEST_F(Groups, version2_groupsAboveCount) {
  write("/pod/box/cpu.max", "max 100000\n");
  write("/pod/cpu.max", "300000 100000\n");
  EXPECT_EQ(3, granted("0::/pod/box\n"));
  write("/pod/box/cpu.max", "800000 100000\n");
  EXPECT_EQ(3, granted("0::/pod/box\n"));
}

TEST_F(Groups, version2_rootOfAContainer) {
  write("/cpu.max", "400000 100000\n");
  EXPECT_EQ(4, granted("0::/\n"));
}

TEST_F(Groups, version1_quotaOfTheCpuController) {
  write("/cpu/box/cpu.cfs_quota_us", "200000\n");
  write("/cpu/box/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(2, granted("9:cpuset:/\n4:cpu,cpuacct:/box\n0::/\n"));
  EXPECT_EQ(0, granted("9:cpuset:/box\n"));
  write("/cpu/box/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(0, granted("4:cpu,cpuacct:/box\n"));
}

TEST_F(Groups, whatIsNotThereOrNonsense_isNoLimit) {
  write("/bad/cpu.max", "many few\n");
  write("/zero/cpu.max", "0 0\n");
  for (const char* self : {"", "nonsense\n", "0::\n", "0::/nowhere/at/all\n", "0::/bad\n", "0::/zero\n", ":::::\n"}) {
    EXPECT_EQ(0, granted(self)) << self;
  }
}

TEST(UsableCores, atMostTheAffinityMask) {
  cpu_set_t before, one;
  ASSERT_EQ(0, sched_getaffinity(0, sizeof before, &before));
  EXPECT_LE(usable_cores(), CPU_COUNT(&before));
  EXPECT_GE(usable_cores(), 1);
  CPU_ZERO(&one);
  for (int cpu = 0; CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  }
  ASSERT_EQ(0, sched_setaffinity(0, sizeof one, &one));
  EXPECT_EQ(1, usable_cores());
  sched_setaffinity(0, sizeof before, &before);
}

}  // namespace
}  // namespace gpa::test
