#pragma once

#include <deque>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/base/gate.h"
#include "runtime/base/guarded.h"
#include "runtime/checkpoint/log_reader.h"
#include "runtime/exec/deployment.h"
#include "runtime/job/job.h"
#include "runtime/job/peer.h"
#include "runtime/job/state_image.h"
#include "runtime/storage/blob_store.h"

namespace penstock {

// What people ask of a job; answered by its thread.
struct RescaleRequest {
  Parallelism wanted{};
  std::string reason;
  Duration at{};
  std::shared_ptr<std::promise<Status>> done;
};
struct CheckpointRequest {
  std::optional<std::string> savepoint;  // where to copy it
  std::shared_ptr<std::promise<Result<CheckpointId>>> done;
};
struct StopRequest {
  StopMode mode = StopMode::kNow;
  std::string savepoint;
};
struct HandOverRequest {
  std::shared_ptr<std::promise<Result<CheckpointId>>> done;
};
struct TakeOverRequest {
  bool now = false;
  std::shared_ptr<std::promise<Status>> done;
};
using JobRequest =
    std::variant<RescaleRequest, CheckpointRequest, StopRequest, HandOverRequest, TakeOverRequest>;
// Tells whoever asked; a stop is not refused.
void refuse(JobRequest& request, const Error& why);

// What a report reads of a running attempt; replaced when the layout changes.
struct ReportView {
  struct ChainView {
    ChainReport fixed;  // name, operators, inputs, kinds, parallelism
    std::vector<std::shared_ptr<SubtaskCounters>> counters;
    std::shared_ptr<SplitCoordinator> splits{};  // of a source
  };
  std::vector<ChainView> chains;
};

// What a process has of the job that it followed, when its turn has come.
struct Followed {
  std::unique_ptr<BlobStore> store;
  LogReader log;  // of store
  StateImage image;
  Millis since = 0;  // predecessor's stop at its barrier, or when it was noticed that it is gone
  std::string from;
  std::string reason;
};

using OpenStore = std::function<Result<std::unique_ptr<BlobStore>>(std::string_view uri)>;

// What all attempts of a job share. Members without a lock belong to the job's thread.
struct JobShared {
  JobShared(StreamGraph job_graph, JobOptions job_options, Factories made_by, OpenStore store_at,
            OpenPeer peer_at, Clock& job_clock)
      : graph(std::move(job_graph)),
        options(std::move(job_options)),
        factories(std::move(made_by)),
        open_store(std::move(store_at)),
        open_peer(std::move(peer_at)),
        clock(job_clock),
        memory(options.state_memory) {}

  const StreamGraph graph;
  const JobOptions options;
  const Factories factories;
  const OpenStore open_store;
  const OpenPeer open_peer;
  Clock& clock;
  MemoryBudget memory;
  Gate gate;  // wakes the job's thread
  struct Requests {
    std::deque<JobRequest> waiting;
    bool closed = false;  // the job has ended: nobody answers any more
    std::deque<JobRequest> take() { return std::exchange(waiting, {}); }
  };
  Guarded<Requests> requests;
  Guarded<JobReport> report;  // all but chains
  Guarded<std::shared_ptr<const ReportView>> view;

  std::map<std::pair<ChainId, SubtaskIndex>, std::shared_ptr<SubtaskCounters>> counters;
  std::optional<Parallelism> wanted;        // by the last rescale
  std::optional<RecordNumber> first_epoch;  // of this process
  std::uint64_t attempts = 0;
  std::string local_log_id;            // without a log
  std::string address;                 // of this process's control service; empty: none
  std::unique_ptr<Followed> followed;  // for the first attempt
};

}  // namespace penstock
