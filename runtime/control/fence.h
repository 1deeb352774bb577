#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace penstock {

// Who orders something of a job. The numbers come from the operator's status; a higher pair is a
// later decision.
struct Fence {
  std::string uid;
  std::uint64_t generation = 0;
  std::uint64_t decision = 0;
};

// The newest order taken. A value: the owner guards it.
class FenceGate {
 public:
  // kInvalid for another job's uid, kConflict for an order older than one that was taken. The same
  // order again is taken again: a retry. Both numbers 0 is an administrator, who passes and leaves
  // the numbers as they are.
  Status take(const Fence& order, std::string_view job_uid);

  std::uint64_t generation() const { return generation_; }
  std::uint64_t decision() const { return decision_; }

 private:
  std::uint64_t generation_ = 0;
  std::uint64_t decision_ = 0;
};

}  // namespace penstock
