#pragma once

#include <string>
#include <vector>

namespace penstock {

// `penstock-operator top`: the live screen, from any Kubernetes API. Returns the exit code.
int top_main(const std::vector<std::string>& arguments);

}  // namespace penstock
