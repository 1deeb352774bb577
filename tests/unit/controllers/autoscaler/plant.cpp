#include "tests/unit/controllers/autoscaler/plant.h"

#include <algorithm>

namespace penstock {

Plant::Plant(PlantSettings plant, api::ScalingPolicySpec scaling, std::int32_t start,
             std::uint64_t seed)
    : settings(plant), policy(std::move(scaling)), slots(start), random_(seed) {}

void Plant::work(double arriving) {
  const double per_row = settings.source_cost + settings.ratio * settings.count_cost;
  const double done = std::min(arriving + backlog, slots / per_row);
  backlog = std::max(0.0, arriving + backlog - done);
  source_rows_ += done / slots;
  count_rows_ += done * settings.ratio / slots;
  source_busy_ += done * settings.source_cost / slots;
  count_busy_ += done * settings.ratio * settings.count_cost / slots;
}

api::JobReport Plant::report() const {
  const auto whole = [](double value) { return static_cast<std::uint64_t>(value); };
  api::JobReport report{
      .job = "plant", .phase = "Running", .at = 1'000'000 + second * 1000, .started_at = 1};
  report.wanted = report.running = static_cast<std::uint32_t>(slots);
  report.table_version = table_;
  api::ChainReport source{.name = "source", .source = true, .parallelism = report.running};
  if (settings.knows_lag) source.behind = whole(backlog);
  api::ChainReport count{
      .name = "count", .inputs = {0}, .keyed = true, .parallelism = report.running};
  for (std::uint32_t i = 0; i < report.running; ++i) {
    source.subtasks.push_back({.index = i,
                               .rows_in = whole(source_rows_),
                               .rows_out = whole(source_rows_ * settings.ratio),
                               .busy_nanos = whole(source_busy_ * 1e9)});
    count.subtasks.push_back({.index = i,
                              .rows_in = whole(count_rows_),
                              .rows_out = whole(count_rows_),
                              .busy_nanos = whole(count_busy_ * 1e9)});
  }
  report.chains = {source, count};
  return report;
}

void Plant::run(int seconds, const std::function<double(double)>& rate) {
  for (const int end = second + seconds; second < end;) {
    work(rate(second) * (1 + settings.noise * (2 * random_.unit() - 1)));
    ++second;
    history_ = remember(std::move(history_), report(), policy.objective);
    ScalingStep step =
        decide_scaling(std::move(history_), policy, {.current = slots}, 1'000'000 + second * 1000);
    history_ = std::move(step.history);
    last = std::move(step.decision);
    if (last.slots != slots) {
      changes.push_back({second, slots, last.slots, last.reason});
      slots = last.slots;
      ++table_;
      source_rows_ = count_rows_ = source_busy_ = count_busy_ = 0;
    }
    sizes.push_back(slots);
    lags.push_back(backlog);
  }
}

std::string Plant::story() const {
  std::string text = "\n";
  for (const Change& one : changes)
    text += "at " + std::to_string(one.at) + " s: " + std::to_string(one.from) + " -> " +
            std::to_string(one.to) + " " + one.reason + "\n";
  for (std::size_t i = 0; i < sizes.size(); i += 10)
    text += std::to_string(i + 1) + "\t" + std::string(static_cast<std::size_t>(sizes[i]), '#') +
            "\tlag " + std::to_string(static_cast<long>(lags[i])) + "\n";
  return text + last.reason + ": " + last.message;
}

}  // namespace penstock
