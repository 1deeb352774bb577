#include "controllers/api/job_report_fields.h"
#include "controllers/api/job_snapshot_fields.h"
#include "controllers/api/pod_fields.h"
#include "controllers/api/scaling_policy_fields.h"
#include "controllers/api/visitors.h"

namespace penstock::api {

PENSTOCK_API_JSON(ScalingPolicy);
PENSTOCK_API_JSON(ScalingPolicySpec);
PENSTOCK_API_JSON(ScalingPolicyStatus);
PENSTOCK_API_JSON(JobSnapshot);
PENSTOCK_API_JSON(JobSnapshotSpec);
PENSTOCK_API_JSON(JobSnapshotStatus);
PENSTOCK_API_JSON(Pod);
PENSTOCK_API_JSON(ConfigMap);
PENSTOCK_API_JSON(Node);
PENSTOCK_API_JSON(JobReport);

template std::vector<FieldError> not_implemented<ScalingPolicySpec>(const ScalingPolicySpec&,
                                                                    std::string_view);
template std::vector<FieldError> not_implemented<JobSnapshotSpec>(const JobSnapshotSpec&,
                                                                  std::string_view);

}  // namespace penstock::api
