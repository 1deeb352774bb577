#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "operator/engines/engine_client.h"
#include "runtime/base/guarded.h"

namespace penstock {

// Engines for tests: reports are what the test sets, orders are recorded and end as the test says.
// Any thread.
class FakeEngineClient final : public EngineClient {
 public:
  // With `obedient`, orders end at once: a rescale changes the report, a savepoint succeeds.
  explicit FakeEngineClient(Clock& clock, bool obedient = true)
      : clock_(clock), obedient_(obedient) {}

  void on_change(std::function<void(const std::string& job)> listener) override;
  void follow(const EngineTarget& target, bool busy) override;
  void forget(const std::string& key) override;
  EngineView view(const std::string& key) override;
  void order(const std::string& key, const EngineOrder& order) override;
  std::optional<OrderOutcome> outcome(const std::string& key, const std::string& id) override;

  // For tests. Sets what the process at `key` reports, whether it is followed yet or not.
  void report(const std::string& key, api::JobReport report);
  void lose(const std::string& key, const std::string& reason);
  void end_order(const std::string& key, const std::string& id, OrderOutcome outcome);
  std::vector<EngineOrder> orders(const std::string& key) const;
  std::optional<EngineTarget> target(const std::string& key) const;
  std::vector<std::string> followed() const;

 private:
  struct Job {
    std::optional<EngineTarget> target;
    std::optional<api::JobReport> report;
    Duration reported{0};
    std::optional<Millis> unknown_since;
    std::string reason = "not reached yet";
    std::vector<EngineOrder> orders;
    std::map<std::string, OrderOutcome> outcomes;
  };
  void notify(const std::string& key);

  Clock& clock_;
  const bool obedient_;
  std::function<void(const std::string&)> listener_;
  Guarded<std::map<std::string, Job>> jobs_;
};

}  // namespace penstock
