#pragma once

#include <cstdint>
#include <string_view>

namespace penstock {

// Thousandths of a CPU that `max` ("200000 100000", cgroup v2's cpu.max) grants; 0: no limit or not
// readable as one. Pure.
std::uint32_t millis_of_cpu_max(std::string_view max);
// The same of cgroup v1's cpu.cfs_quota_us and cpu.cfs_period_us. Pure.
std::uint32_t millis_of_cfs(std::string_view quota, std::string_view period);

// What the cgroup of this process grants now; 0: unknown or no limit.
std::uint32_t cpu_quota_millis();

}  // namespace penstock
