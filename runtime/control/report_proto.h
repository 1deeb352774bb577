#pragma once

#include "runtime/job/job.h"

namespace penstock::v1 {
class JobReport;
}

namespace penstock {

// A report as it goes over the wire.
void to_proto(const JobReport& report, v1::JobReport& out);

}  // namespace penstock
