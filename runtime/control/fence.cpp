#include "runtime/control/fence.h"

#include <tuple>

namespace penstock {

Status FenceGate::take(const Fence& order, std::string_view job_uid) {
  if (!order.uid.empty() && order.uid != job_uid) {
    return Error{Code::kInvalid, "this is another job: it has uid '" + std::string(job_uid) +
                                     "', the order is for '" + order.uid + "'"};
  }
  if (order.generation == 0 && order.decision == 0) return ok();
  if (std::tie(order.generation, order.decision) < std::tie(generation_, decision_)) {
    return Error{Code::kConflict, "an older order than one already taken: generation " +
                                      std::to_string(order.generation) + " decision " +
                                      std::to_string(order.decision) + " after " +
                                      std::to_string(generation_) + " and " +
                                      std::to_string(decision_)};
  }
  generation_ = order.generation;
  decision_ = order.decision;
  return ok();
}

}  // namespace penstock
