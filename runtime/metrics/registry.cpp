#include "runtime/metrics/registry.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <utility>

namespace penstock::metrics {
namespace {

prometheus::MetricFamily to_prometheus(const Family& family) {
  prometheus::MetricFamily out;
  out.name = family.name;
  out.help = family.help;
  const bool counter = family.kind == Family::Kind::kCounter;
  out.type = counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
  for (const Sample& sample : family.samples) {
    prometheus::ClientMetric metric;
    for (const auto& [name, value] : sample.labels) metric.label.push_back({name, value});
    (counter ? metric.counter.value : metric.gauge.value) = sample.value;
    out.metric.push_back(std::move(metric));
  }
  return out;
}

// Several collectors may tell of one family, which the format allows once. Sorted by name.
std::vector<prometheus::MetricFamily> joined(std::vector<prometheus::MetricFamily> sorted) {
  std::vector<prometheus::MetricFamily> out;
  for (prometheus::MetricFamily& family : sorted) {
    if (out.empty() || out.back().name != family.name) {
      out.push_back(std::move(family));
      continue;
    }
    auto& metrics = out.back().metric;
    metrics.insert(metrics.end(), std::make_move_iterator(family.metric.begin()),
                   std::make_move_iterator(family.metric.end()));
  }
  return out;
}

}  // namespace

void Counter::add(double amount) { counter_->Increment(amount); }
double Counter::value() const { return counter_->Value(); }
void Gauge::set(double value) { gauge_->Set(value); }
void Gauge::add(double amount) { gauge_->Increment(amount); }
double Gauge::value() const { return gauge_->Value(); }
void Histogram::observe(double value) { histogram_->Observe(value); }

struct Registry::State {
  prometheus::Registry series{prometheus::Registry::InsertBehavior::Merge};
  // Held while the collectors run: a handle's destruction waits for the scrape under way.
  std::mutex mutex;
  std::vector<std::pair<const void*, Collect>> collectors;
};

Registry::Registry() : state_(std::make_shared<State>()) {}
Registry::~Registry() = default;

Counter Registry::counter(std::string_view name, std::string_view help, const Labels& labels) {
  auto& family = prometheus::BuildCounter()
                     .Name(std::string(name))
                     .Help(std::string(help))
                     .Register(state_->series);
  return Counter(family.Add(labels));
}

Gauge Registry::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  auto& family = prometheus::BuildGauge()
                     .Name(std::string(name))
                     .Help(std::string(help))
                     .Register(state_->series);
  return Gauge(family.Add(labels));
}

Histogram Registry::histogram(std::string_view name, std::string_view help,
                              std::vector<double> bounds, const Labels& labels) {
  auto& family = prometheus::BuildHistogram()
                     .Name(std::string(name))
                     .Help(std::string(help))
                     .Register(state_->series);
  return Histogram(family.Add(labels, std::move(bounds)));
}

std::shared_ptr<void> Registry::add_collector(Collect collect) {
  auto state = state_;
  auto key = std::make_unique<char>();
  const void* id = key.get();
  std::scoped_lock lock(state->mutex);
  state->collectors.emplace_back(id, std::move(collect));
  return {key.release(), [state](void* handle) {
            {
              std::scoped_lock inner(state->mutex);
              std::erase_if(state->collectors, [&](const auto& c) { return c.first == handle; });
            }
            delete static_cast<char*>(handle);
          }};
}

std::string Registry::text() const {
  std::vector<prometheus::MetricFamily> families = state_->series.Collect();
  std::scoped_lock lock(state_->mutex);
  for (const auto& [id, collect] : state_->collectors) {
    for (const Family& family : collect()) families.push_back(to_prometheus(family));
  }
  std::ranges::stable_sort(families, {}, &prometheus::MetricFamily::name);
  return prometheus::TextSerializer().Serialize(joined(std::move(families)));
}

}  // namespace penstock::metrics
