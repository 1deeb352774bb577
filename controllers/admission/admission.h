#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/admission/verdict.h"
#include "controllers/api/job_snapshot.h"
#include "controllers/api/scaling_policy.h"
#include "controllers/api/stream_job.h"

namespace penstock {

// Is this object acceptable, given the one it replaces (nullptr: none)? An unchanged spec always
// is, so that labels and finalizers of an old object can still change. spec.sql is compiled; what
// sqlFrom refers to is not known here, see check_sql.
Verdict check(const api::StreamJob& next, const api::StreamJob* previous = nullptr);
Verdict check(const api::ScalingPolicy& next, const api::ScalingPolicy* previous = nullptr);
Verdict check(const api::JobSnapshot& next, const api::JobSnapshot* previous = nullptr);

// The same for objects as JSON: also members of wrong type, out of bounds or unknown. `previous` is
// empty when there is none. kind: StreamJob, ScalingPolicy, JobSnapshot; others are accepted.
Verdict check_json(std::string_view kind, std::string_view next, std::string_view previous = {});

// The SQL of the job, wherever it is from; causes are at spec.sql, or spec.sqlFrom where that is
// set.
Verdict check_sql(const api::StreamJob& job, std::string_view sql);

// What state of the running version the next one could not take over, one line each; empty when
// everything fits, or nothing runs (empty `running`).
std::vector<std::string> state_misfits_between(std::string_view running, std::string_view next);

}  // namespace penstock
