#include "controllers/autoscaler/load.h"

#include <algorithm>
#include <span>

namespace penstock {
namespace {

using Seconds = std::chrono::duration<double>;

bool comparable(const LoadSample& a, const LoadSample& b) {
  return a.started_at == b.started_at && a.restarts == b.restarts &&
         a.table_version == b.table_version && a.running == b.running && a.steady && b.steady &&
         a.chains.size() == b.chains.size();
}

// Differences of counters between two samples of one chain; absent when they cannot be compared.
struct Delta {
  double rows_in = 0, rows_out = 0, busy = 0, blocked = 0;  // rows and seconds, all subtasks
  double busiest_busy = 0, busiest_rows = 0;
};

std::optional<Delta> difference(const ChainSample& from, const ChainSample& to) {
  if (from.name != to.name || from.subtasks.size() != to.subtasks.size()) return std::nullopt;
  Delta delta;
  for (std::size_t i = 0; i < to.subtasks.size(); ++i) {
    const SubtaskSample& a = from.subtasks[i];
    const SubtaskSample& b = to.subtasks[i];
    if (b.rows_in < a.rows_in || b.rows_out < a.rows_out || b.busy_nanos < a.busy_nanos ||
        b.blocked_nanos < a.blocked_nanos)
      return std::nullopt;
    const double rows = static_cast<double>(b.rows_in - a.rows_in);
    const double busy = static_cast<double>(b.busy_nanos - a.busy_nanos) / 1e9;
    delta.rows_in += rows;
    delta.rows_out += static_cast<double>(b.rows_out - a.rows_out);
    delta.busy += busy;
    delta.blocked += static_cast<double>(b.blocked_nanos - a.blocked_nanos) / 1e9;
    if (busy > delta.busiest_busy || i == 0) {
      delta.busiest_busy = busy;
      delta.busiest_rows = rows;
    }
  }
  return delta;
}

double seconds_between(const LoadSample& from, const LoadSample& to) {
  return static_cast<double>(to.at - from.at) / 1000;
}

// The first sample that is comparable with the newest one, as all after it are.
std::size_t first_comparable(const std::vector<LoadSample>& samples) {
  std::size_t first = samples.size() - 1;
  while (first > 0 && comparable(samples[first - 1], samples.back())) --first;
  return first;
}

// The newest sample that is at least `seconds` older than the last; the first one if none is.
const LoadSample& sample_before(std::span<const LoadSample> samples, double seconds) {
  for (std::size_t i = samples.size(); i-- > 0;)
    if (seconds_between(samples[i], samples.back()) >= seconds - 1e-9) return samples[i];
  return samples.front();
}

void measure_recent(const ChainSample& from, const ChainSample& to, double seconds,
                    ChainLoad& load) {
  const auto delta = difference(from, to);
  if (!delta) return;
  load.rows_in = delta->rows_in / seconds;
  load.rows_out = delta->rows_out / seconds;
  load.busy = delta->busiest_busy / seconds;
  load.blocked =
      delta->blocked / seconds / std::max<double>(1, static_cast<double>(to.subtasks.size()));
  if (!to.source || !to.behind) return;
  load.behind = static_cast<double>(*to.behind);
  if (!from.behind) return;
  const double growth =
      (static_cast<double>(*to.behind) - static_cast<double>(*from.behind)) / seconds;
  load.arrival = std::max(0.0, *load.rows_in + growth);
}

// What a row costs: of the busiest subtask, so that skew shows. Called for the whole window and for
// its newest part; the slower of both counts, so that rows which just became dearer are not taken
// for cheap.
void measure_cost(const ChainSample& from, const ChainSample& to, ChainLoad& load) {
  const auto delta = difference(from, to);
  if (!delta || delta->busiest_busy <= 0 || delta->busiest_rows <= 0) return;
  const double rate = delta->busiest_rows / delta->busiest_busy;
  load.true_rate = std::min(rate, load.true_rate.value_or(rate));
}

// Demand of the chains behind the sources: as much more than now as their inputs will send more.
void carry_demand(const LoadSample& newest, std::size_t chain, std::vector<ChainLoad>& loads) {
  ChainLoad& load = loads[chain];
  if (!load.rows_in) return;
  double sent = 0, to_come = 0;
  for (const std::size_t input : newest.chains[chain].inputs) {
    if (input >= chain) return;  // not topologically sorted: unknown
    const ChainLoad& from = loads[input];
    if (!from.demand || !from.rows_in || !from.rows_out) return;
    if (*from.rows_in <= 0) {
      if (*from.demand > 0) return;
      continue;
    }
    sent += *from.rows_out;
    to_come += *from.rows_out * *from.demand / *from.rows_in;
  }
  load.demand = sent > 0 ? *load.rows_in * to_come / sent : *load.rows_in;
}

void find_slots(ChainLoad& load, std::vector<std::string>& unknown) {
  const auto missing = [&](const char* what) { unknown.push_back(load.name + ": " + what); };
  if (!load.rows_in) return missing("rows");
  if (load.source && !load.behind) missing("lag");
  if (!load.demand) return missing("demand");
  if (*load.demand <= 0) {
    load.slots = 0;
  } else if (load.true_rate) {
    load.slots = *load.demand / *load.true_rate;
  } else if (*load.rows_in > 0) {
    load.slots = 0;  // rows passed and took no time that could be measured
  } else {
    missing("true rate");
  }
}

// A slot runs the subtasks of its index.
std::optional<double> busiest_slot(const LoadSample& from, const LoadSample& to, double seconds) {
  std::vector<double> busy(to.running, 0);
  for (std::size_t c = 0; c < to.chains.size(); ++c) {
    const auto& a = from.chains[c].subtasks;
    const auto& b = to.chains[c].subtasks;
    if (a.size() != b.size()) return std::nullopt;
    for (std::size_t i = 0; i < b.size() && i < busy.size(); ++i) {
      if (b[i].busy_nanos < a[i].busy_nanos) return std::nullopt;
      busy[i] += static_cast<double>(b[i].busy_nanos - a[i].busy_nanos) / 1e9;
    }
  }
  if (busy.empty()) return std::nullopt;
  return *std::ranges::max_element(busy) / seconds;
}

void add_sources(JobLoad& load, const api::Objective& objective) {
  const double catch_up = std::max(1.0, Seconds(objective.catch_up).count());
  std::optional<double> lag = 0;
  for (ChainLoad& chain : load.chains) {
    if (!chain.source) continue;
    if (chain.arrival)
      chain.demand = *chain.arrival + *chain.behind / catch_up;
    else
      chain.demand = chain.rows_in;  // the least that it can be; the lag is named as unknown
    if (!chain.behind || !chain.arrival)
      lag = std::nullopt;
    else if (lag && *chain.behind > 0)
      lag = std::max(*lag, *chain.behind / std::max(*chain.arrival, 1e-3));
  }
  load.lag_seconds = lag;
}

}  // namespace

LoadSample sample_of(const api::JobReport& report) {
  LoadSample sample{.at = report.at,
                    .started_at = report.started_at,
                    .restarts = report.restarts,
                    .table_version = report.table_version,
                    .running = report.running,
                    .steady = report.phase == "Running" && report.wanted == report.running};
  for (const api::ChainReport& chain : report.chains) {
    ChainSample& to = sample.chains.emplace_back(ChainSample{.name = chain.name,
                                                             .inputs = chain.inputs,
                                                             .source = chain.source,
                                                             .behind = chain.behind});
    for (const api::SubtaskReport& subtask : chain.subtasks)
      to.subtasks.push_back(
          {subtask.rows_in, subtask.rows_out, subtask.busy_nanos, subtask.blocked_nanos});
  }
  return sample;
}

JobLoad measure(const std::vector<LoadSample>& samples, const api::Objective& objective) {
  JobLoad load;
  if (samples.empty()) return load;
  const double window = Seconds(objective.window).count();
  const std::span<const LoadSample> usable = std::span(samples).subspan(first_comparable(samples));
  const LoadSample& newest = usable.back();
  const LoadSample& recent = sample_before(usable, window / 3);
  const LoadSample& oldest = sample_before(usable, window);
  load.seconds = seconds_between(oldest, newest);
  if (load.seconds <= 0) return load;

  const double seconds = seconds_between(recent, newest);
  for (std::size_t c = 0; c < newest.chains.size(); ++c) {
    const ChainSample& chain = newest.chains[c];
    ChainLoad& it = load.chains.emplace_back(
        ChainLoad{.name = chain.name,
                  .source = chain.source,
                  .parallelism = static_cast<std::uint32_t>(chain.subtasks.size())});
    measure_recent(recent.chains[c], chain, seconds, it);
    measure_cost(oldest.chains[c], chain, it);
    measure_cost(recent.chains[c], chain, it);
  }
  add_sources(load, objective);
  std::optional<double> total = 0;
  for (std::size_t c = 0; c < load.chains.size(); ++c) {
    if (!load.chains[c].source) carry_demand(newest, c, load.chains);
    find_slots(load.chains[c], load.unknown);
    if (total && load.chains[c].slots)
      *total += *load.chains[c].slots;
    else
      total = std::nullopt;
  }
  load.busy_slots = total;
  load.busiest_slot = busiest_slot(recent, newest, seconds);
  return load;
}

}  // namespace penstock
