#include "runtime/job/shared.h"

#include "runtime/base/overloaded.h"

namespace penstock {

void refuse(JobRequest& request, const Error& why) {
  std::visit(Overloaded{[](StopRequest&) {}, [&](auto& is) { is.done->set_value(why); }}, request);
}

}  // namespace penstock
