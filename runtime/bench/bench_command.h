#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace penstock {

// `penstock bench nexmark|start|state|checkpoint|rescale`: measures this machine and this program.
// Numbers go to `out`, steps to `progress`. Returns the exit code: 0 measured (targets may be
// missed), 1 failed, 2 wrong use.
int bench_main(const std::vector<std::string>& words, std::ostream& out, std::ostream& progress);

}  // namespace penstock
