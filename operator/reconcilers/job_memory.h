#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "controllers/admission/verdict.h"
#include "controllers/api/stream_job.h"
#include "controllers/autoscaler/autoscaler.h"
#include "runtime/base/clock.h"

namespace penstock {

// What the reconciler keeps of one job between two looks. All of it refills: a new leader begins
// with an empty one.
struct JobMemory {
  std::string uid;
  ScalingHistory scaling;
  // Compiling SQL takes milliseconds; the answer holds while its question stays the same.
  std::optional<std::string> judged;  // generation, SQL and what runs
  Verdict verdict;
  std::vector<std::string> misfits, rollback_misfits;
  // Of orders to the engine: how often one failed, so that the next one is a new order, and since
  // when (monotonic) it is said to be done although its effect is not seen.
  struct Tries {
    int failed = 0;
    std::optional<Duration> done_since{};
  };
  std::map<std::string, Tries> attempts;
  std::string last_decision;  // as logged
  // The uids of the Pods whose engines are asked: the engine client's keys; empty: none.
  std::string followed, successor;
  bool can_resize = true;  // whether the API server knows pods/resize, as far as was seen
};

// The memories of all jobs. Any thread; a memory is used only by the worker that has its key.
class JobMemories {
 public:
  // An empty one when there is none, or another uid's.
  std::shared_ptr<JobMemory> of(const std::string& key, const std::string& uid);
  void forget(const std::string& key);
  // Key and status of every job, for metrics.
  std::vector<std::pair<std::string, api::StreamJobStatus>> statuses() const;
  void publish(const std::string& key, const api::StreamJobStatus& status);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<JobMemory>> memories_;
  std::map<std::string, api::StreamJobStatus> statuses_;
};

}  // namespace penstock
