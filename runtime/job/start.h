#pragma once

#include <memory>

#include "runtime/job/shared.h"

namespace penstock {

// Job::make and Job::start with sources, sinks, operators and stores of the caller's choice.
Result<std::unique_ptr<Job>> make_job(StreamGraph graph, JobOptions options, Factories factories,
                                      OpenStore open_store, Clock& clock);
Result<std::unique_ptr<Job>> start_job(StreamGraph graph, JobOptions options, Factories factories,
                                       OpenStore open_store, Clock& clock);

// The chain's part of a report, from its counters as they are now.
ChainReport report_chain(const ReportView::ChainView& chain);

}  // namespace penstock
