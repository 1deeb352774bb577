#pragma once

#include "controllers/api/job_report.h"

namespace penstock::v1 {
class JobReport;
}

namespace penstock {

// A report of `penstock run` as the controllers know it.
api::JobReport from_proto(const v1::JobReport& report);

}  // namespace penstock
