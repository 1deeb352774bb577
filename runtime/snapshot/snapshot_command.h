#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace penstock {

// `penstock snapshot ls|verify|cat URI...`: reads checkpoints without the job, and without writing
// anything. A URI is a checkpoint directory (its newest checkpoint) or names one record of it:
// file:///dir#00000042. Returns the exit code: 0 done, 1 damaged or unreadable, 2 wrong use.
int snapshot_main(const std::vector<std::string>& words, std::ostream& out, std::ostream& err);

}  // namespace penstock
