#pragma once

#include <string>
#include <vector>

namespace penstock::bench {

// What one core can do at best: loops written by hand over columns in batches that stay in the
// cache, without an engine around them. Measured in CPU time of the calling thread.
struct Kernel {
  std::string name;
  double nanos = 0;  // per row
};
std::vector<Kernel> run_kernels();

// The ceiling of a Nexmark query in events per CPU second: its bids generated and worked on by the
// kernels that it cannot do without, the other events skipped. 0 for a query without one.
double ceiling_of(const std::string& query, const std::vector<Kernel>& kernels);

}  // namespace penstock::bench
