#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "controllers/lifecycle/plan.h"

namespace penstock {

// A cluster and its engines as plain values, moved by Plans: what is left of Kubernetes when only
// what plans rely on is kept. Steps that a person would call wrong are noted in `wrongs`.
class World {
 public:
  explicit World(std::string sql = "INSERT INTO b SELECT * FROM a");

  // One reconcile: observes, plans, applies. Every write counts; the one that makes the count
  // `crash_at` ends the reconcile, without its effect or with it (`effect_first`).
  void reconcile();
  // Time passes: kubelets and engines do what they were asked to.
  void tick();
  // Both, until nothing changes any more; false when that takes more than 60 rounds.
  bool settle();

  Observed observe() const;
  std::string summary() const;

  struct Engine {
    std::string phase = "Starting";
    std::uint32_t wanted = 1, running = 1;
    std::uint64_t decision = 0, checkpoints = 0;
    bool follow = false, caught_up = false;
    bool handed_over = false;           // it has stopped at its barrier
    std::optional<Millis> taking_over;  // since when
    bool take_now = false;
    std::optional<api::MoveReport> move;
    Millis started_at = 0;
    std::string restored_from, savepoint;
    std::optional<api::EndingReport> ending;
  };
  Engine* engine();     // of the active Pod, or nullptr
  Engine* successor();  // of the one that follows it, or nullptr
  const std::string* sql_of_live_pod() const;

  api::StreamJob job;
  std::optional<api::ScalingPolicySpec> policy;
  api::JobError policy_error;
  std::vector<std::string> misfits;
  Verdict verdict;
  std::vector<api::Pod> pods;
  std::vector<api::ConfigMap> config_maps;
  std::map<std::string, Engine> engines;  // by the Pod's uid
  bool gone = false;                      // the job's finalizer was removed
  bool reachable = true;
  bool image_exists = true;
  std::string bad_image;       // a process of it fails
  bool new_sql_fails = false;  // so does one whose SQL counts
  bool follows = true;         // a follower finds checkpoints that it can read
  bool can_resize = true;
  std::vector<api::Node> nodes;  // Pods go to the first one that is schedulable
  std::vector<std::string> rollback_misfits;
  bool checkpoints_deleted = false;
  Millis now = 1'000'000;
  int writes = 0;
  int crash_at = 0;  // 0: never
  bool effect_first = false;
  std::vector<std::string> wrongs;
  std::vector<std::string> log;  // actions and events

 private:
  bool write(const std::string& what, const std::function<void()>& effect);
  void apply(const Action& action);
  void create_pod(const DesiredObject& object);
  api::Pod* find_pod(const std::string& name);
  std::string next_version() { return std::to_string(++version_); }

  bool first_order(const Action& action, std::int64_t decision);
  Engine* engine_of(const api::Pod* pod);
  std::optional<api::JobReport> report_of(const api::Pod* pod) const;
  bool is_lost(const api::Pod& pod) const;
  void start(api::Pod& pod);
  void run(api::Pod& pod, Engine& it);
  void follow(const std::string& uid, Engine& it);

  ScalingHistory scaling_;
  // As the shell remembers: an order that was taken is not sent again.
  std::set<std::pair<std::size_t, std::int64_t>> ordered_;
  int version_ = 100;
};

}  // namespace penstock
