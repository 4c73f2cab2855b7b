// Cores that this process may keep busy.
#pragma once
#include <string>

namespace gpa {

// The cores of the process's affinity mask, or fewer where its control group (a container's limit) grants less time: a quota of
// 1.5 cores counts as 2. At least 1.
int usable_cores();

// Cores that control groups grant, rounded up; 0: no limit. self: the text of /proc/self/cgroup. root: where the groups are mounted.
// Versions 1 and 2; a group is bound by those above it too.
int granted_cores(const std::string& self, const std::string& root);

}  // namespace gpa
