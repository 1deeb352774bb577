#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "operator/engines/engine_client.h"

namespace penstock::faults {

// What goes wrong with engines now.
struct EngineFaults {
  bool silent = false, refuses = false, mute = false, idle = false, forgets = false, other = false;
  std::size_t late = 0;  // steps
};

// The processes of jobs as they are: kubelets start and end them, orders move them. One thread.
class Engines {
 public:
  struct Process {
    std::string job_uid;
    std::string phase = "Starting";
    std::uint32_t wanted = 1, running = 1;
    std::uint64_t generation = 0, decision = 0, checkpoints = 0, rescales = 0;
    Millis started_at = 0;
    std::string restored_from, savepoint;
    bool hands_over = false, takes_over = false, takes_over_now = false;  // was ordered to
    std::optional<api::EndingReport> ending;
    std::deque<api::JobReport> said;  // the newest last
  };

  // By EngineTarget::key.
  Process& start(const std::string& key, Process process);
  void end(const std::string& key) { processes_.erase(key); }
  Process* find(const std::string& key);
  // A second passes.
  void tick(Millis now);
  OrderOutcome take(const std::string& key, const EngineOrder& order);

  EngineFaults faults;
  int starts = 0;
  int lost_starts = 0;               // from a savepoint that is not there
  std::set<std::string> savepoints;  // URIs

 private:
  // What becomes of one that follows.
  void follow_on(Process& follower);
  static api::JobReport report_of(const Process& process, Millis now);

  std::map<std::string, Process> processes_;
};

// One operator's view of them.
class EnginesSeen final : public EngineClient {
 public:
  EnginesSeen(Engines& engines, Clock& clock) : engines_(engines), clock_(clock) {}

  void on_change(std::function<void(const std::string& job)> listener) override;
  void follow(const EngineTarget& target, bool busy) override;
  void forget(const std::string& key) override;
  EngineView view(const std::string& key) override;
  void order(const std::string& key, const EngineOrder& order) override;
  std::optional<OrderOutcome> outcome(const std::string& key, const std::string& id) override;

  // Tells the listener of every picture that changed since it was last asked.
  void look();

 private:
  struct Followed {
    EngineTarget target;
    std::optional<api::JobReport> report;
    std::optional<Millis> unknown_since;
    std::map<std::string, OrderOutcome> outcomes;
    std::string told;  // what the picture was
  };
  void refresh(Followed& process);

  Engines& engines_;
  Clock& clock_;
  std::function<void(const std::string&)> listener_;
  std::map<std::string, Followed> followed_;
};

}  // namespace penstock::faults
