#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/metrics/series.h"

namespace penstock::metrics {

// One family of series whose values are read at the moment of a scrape from what the owner knows
// then. Its labels may come and go from scrape to scrape, which registered series cannot.
struct Sample {
  Labels labels;
  double value = 0;
};
struct Family {
  enum class Kind { kCounter, kGauge } kind = Kind::kGauge;
  std::string name;
  std::string help;
  std::vector<Sample> samples;
};
using Collect = std::function<std::vector<Family>()>;

// Every metric of a process. Names are penstock_<subsystem>_<noun>_<unit>, or the names that
// controller-runtime has made usual. Asking twice for the same series yields the same one. Any
// thread; the registry outlives its handles. A name that Prometheus does not allow, or one that is
// used for two kinds, is a bug and ends the process.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Counter counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  // `bounds` are upper bounds, ascending; the first call for a name decides them.
  Histogram histogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                      const Labels& labels = {});

  // Calls `collect` on every scrape, on the scraping thread, until the returned handle is
  // destroyed. The destruction waits for a scrape that is under way, so `collect` must not wait for
  // its owner.
  [[nodiscard]] std::shared_ptr<void> add_collector(Collect collect);

  // Text exposition format 0.0.4.
  std::string text() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

inline constexpr std::string_view kTextContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace penstock::metrics
