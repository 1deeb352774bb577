#pragma once

#include <string>
#include <vector>

namespace penstock {

// `penstock-operator up`: the API server, the process runner and the operator in one process on
// this machine, until SIGINT or SIGTERM, which end everything, Pods too. Returns the exit code.
// penstock and penstock-shim are found beside this program.
int up_main(const std::vector<std::string>& arguments);

}  // namespace penstock
