#pragma once

#include <memory>

#include "runtime/job/shared.h"

namespace penstock {

// Job::make and Job::start with sources, sinks, operators, stores and predecessors of the caller's
// choice.
Result<std::unique_ptr<Job>> make_job(StreamGraph graph, JobOptions options, Factories factories,
                                      OpenStore open_store, Clock& clock,
                                      OpenPeer open_peer = connect_peer);
Result<std::unique_ptr<Job>> start_job(StreamGraph graph, JobOptions options, Factories factories,
                                       OpenStore open_store, Clock& clock);

// When the first source read a split, of all that has run so far; nothing: none has.
std::optional<Millis> first_read(const ReportView& view);

// The chain's part of a report, from its counters as they are now.
ChainReport report_chain(const ReportView::ChainView& chain);

}  // namespace penstock
