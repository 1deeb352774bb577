#include "runtime/job/cpu_quota.h"

#include <charconv>
#include <fstream>
#include <string>

namespace penstock {
namespace {

std::int64_t leading_number(std::string_view text) {
  std::int64_t number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::uint32_t millis(std::int64_t quota, std::int64_t period) {
  return quota > 0 && period > 0 ? static_cast<std::uint32_t>(quota * 1000 / period) : 0;
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// The path of this process below the root of the hierarchy; of v2 the line "0::/path".
std::string cgroup_path(std::string_view controller) {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string names = "," + line.substr(first + 1, second - first - 1) + ",";
    if (names.find("," + std::string(controller) + ",") != std::string::npos)
      return line.substr(second + 1);
  }
  return "";
}

}  // namespace

std::uint32_t millis_of_cpu_max(std::string_view max) {
  const auto space = max.find(' ');
  if (space == std::string_view::npos) return 0;
  return millis(leading_number(max), leading_number(max.substr(space + 1)));
}

std::uint32_t millis_of_cfs(std::string_view quota, std::string_view period) {
  return millis(leading_number(quota), leading_number(period));
}

std::uint32_t cpu_quota_millis() {
  // In a container the own cgroup is usually mounted as the root; outside it lies at its path.
  for (const std::string& path : {cgroup_path(""), std::string()}) {
    const std::string max = first_line("/sys/fs/cgroup" + path + "/cpu.max");
    if (!max.empty()) return millis_of_cpu_max(max);
  }
  for (const std::string& path : {cgroup_path("cpu"), std::string()}) {
    const std::string root = "/sys/fs/cgroup/cpu" + path;
    const std::string quota = first_line(root + "/cpu.cfs_quota_us");
    if (!quota.empty()) return millis_of_cfs(quota, first_line(root + "/cpu.cfs_period_us"));
  }
  return 0;
}

}  // namespace penstock
