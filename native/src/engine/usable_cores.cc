// Source: Linux kernel, Documentation/admin-guide/cgroup-v2.rst (cpu.max) and scheduler/sched-bwc.rst (cpu.cfs_quota_us).
#include "engine/usable_cores.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <thread>

namespace gpa {
namespace {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

std::string read_all(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// "150000 100000" or "max 100000".
double cores_of(const std::string& quota_and_period) {
  std::istringstream in(quota_and_period);
  double quota = 0, period = 0;
  return in >> quota >> period && quota > 0 && period > 0 ? quota / period : kUnlimited;
}

// The least of a group and those above it. path: "/a/b" as the group's line says.
template <class Cores>
double least_upwards(std::string path, Cores cores_at) {
  double least = kUnlimited;
  for (;;) {
    least = std::min(least, cores_at(path == "/" ? "" : path));
    const size_t slash = path.find_last_of('/');
    if (slash == std::string::npos || path.size() <= 1) return least;
    path.resize(std::max<size_t>(slash, 1));
  }
}

bool lists(const std::string& controllers, const std::string& wanted) {
  std::istringstream in(controllers);
  for (std::string one; std::getline(in, one, ',');) {
    if (one == wanted) return true;
  }
  return false;
}

}  // namespace

int granted_cores(const std::string& self, const std::string& root) {
  double least = kUnlimited;
  std::istringstream lines(self);
  for (std::string line; std::getline(lines, line);) {  // "0::/path" of version 2, "4:cpu,cpuacct:/path" of version 1
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
    if (path.empty() || path[0] != '/') continue;
    if (controllers.empty()) {
      least = std::min(least, least_upwards(path, [&](const std::string& at) { return cores_of(read_all(root + at + "/cpu.max")); }));
    } else if (lists(controllers, "cpu")) {
      least = std::min(least, least_upwards(path, [&](const std::string& at) {
                         const std::string group = root + "/cpu" + at;
                         return cores_of(read_all(group + "/cpu.cfs_quota_us") + " " + read_all(group + "/cpu.cfs_period_us"));
                       }));
    }
  }
  return std::isinf(least) ? 0 : static_cast<int>(std::min(std::max(std::ceil(least), 1.0), 1e6));
}

int usable_cores() {
  cpu_set_t set;
  const int allowed = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : static_cast<int>(std::thread::hardware_concurrency());
  const int granted = granted_cores(read_all("/proc/self/cgroup"), "/sys/fs/cgroup");
  return std::max(1, granted > 0 ? std::min(allowed, granted) : allowed);
}

}  // namespace gpa
