#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "controllers/api/stream_job.h"
#include "tests/faults/engines.h"
#include "tests/faults/fault.h"
#include "tests/faults/operator_process.h"

namespace penstock::faults {

using Json = nlohmann::json;

// The operator's clock, whose wall time somebody may step.
class SteppedClock final : public Clock {
 public:
  Millis now() override { return true_now() + ahead_; }
  Duration monotonic() override { return steady_.monotonic(); }
  bool sleep(Duration duration, const std::stop_token& stop) override {
    return steady_.sleep(duration, stop);
  }
  Millis true_now() { return steady_.now(); }
  void advance(Duration duration) { steady_.advance(duration); }
  void set_ahead(Millis ahead) { ahead_ = ahead; }

 private:
  ManualClock steady_{1'700'000'000'000};
  Millis ahead_ = 0;
};

// An API server, kubelets, engines and an operator in one thread, moved second by second, with
// faults where the caller wants them. The same faults give the same run.
class Scene {
 public:
  explicit Scene(std::vector<Fault> faults = {});
  // From here on a second operator works beside the first, as if somebody had installed it twice.
  void add_twin();

  // What users do.
  void create_job();
  void create(const k8s::Resource& resource, const std::string& name, const Json& spec);
  void change_spec(const Json& merge_patch);
  void delete_job();
  void drop_finalizer();
  void delete_pods();
  // What happens to processes.
  void end_processes(api::EndingKind kind);
  void evict_pods();

  // Until nothing changes any more and all faults are over; false when that takes too long.
  bool settle();

  // The end state and what it took, as text: what has to be the same with faults and without.
  std::string outcome();
  int requests() const { return requests_; }
  int steps() const { return steps_; }
  // Of the faults given, those that happened.
  const std::set<FaultKind>& happened() const { return happened_; }
  // What the operator wrote, for messages.
  std::string log() const;

 private:
  Result<k8s::Response> on_call(OperatorProcess& who, const k8s::Request& request);
  Result<k8s::Response> serve(const k8s::Request& request);
  Result<k8s::Response> taken_over(OperatorProcess& who, const k8s::Request& request, bool late);
  const Fault* fault_at(bool request, int number) const;
  std::unique_ptr<OperatorProcess> make_operator();
  void begin_operator(std::size_t behind);
  void let_work(OperatorProcess& who);
  void step();
  void set_faults();
  void run_pods();
  void run_pod(const api::Pod& pod, const Json& seen);
  void say(const api::Pod& pod, const Engines::Process& process, const Json& seen);
  std::string state();
  std::string freshness(const api::StreamJobStatus& status);
  api::StreamJob job() const;

  const std::vector<Fault> faults_;
  SteppedClock clock_;
  k8s::MemoryApi api_;
  Engines engines_;
  CacheFaults cache_faults_;
  std::vector<std::unique_ptr<OperatorProcess>> retired_;  // may still be on the stack
  std::unique_ptr<OperatorProcess> operator_, twin_;
  std::vector<std::uint64_t> versions_;  // of the API at the end of each step
  std::size_t behind_ = 0;               // steps that the caches are behind
  int behind_until_ = 0;
  int requests_ = 0, steps_ = 0;
  bool relist_ = false;
  std::set<FaultKind> happened_;
  std::map<std::string, int> creates_, deletes_;
  std::vector<std::string> log_;
};

}  // namespace penstock::faults
