#include <algorithm>

#include "runtime/job/start.h"

namespace penstock {
namespace {

void add_splits(ChainReport& report, const SplitCoordinator& splits) {
  std::uint64_t behind = 0;
  bool known = true;
  for (const SplitProgress& split : splits.report()) {
    report.splits.push_back({split.id, split.rows, split.behind});
    if (split.behind)
      behind += *split.behind;
    else
      known = false;
  }
  if (known) report.behind = behind;
}

}  // namespace

JobTotals total(const JobReport& report) {
  JobTotals totals;
  for (const ChainReport& chain : report.chains) {
    totals.late_rows += chain.late_rows;
    totals.undecodable_rows += chain.undecodable_rows;
    for (const SubtaskReport& subtask : chain.subtasks) {
      if (chain.source) totals.rows_in += subtask.rows_in;
      if (chain.sink) totals.rows_out += subtask.rows_out;
    }
  }
  return totals;
}

std::optional<Millis> first_read(const ReportView& view) {
  std::optional<Millis> first;
  for (const ReportView::ChainView& chain : view.chains)
    for (const auto& counters : chain.counters) {
      const Millis at = counters->first_read.load();
      if (at != 0 && (!first || at < *first)) first = at;
    }
  return first;
}

ChainReport report_chain(const ReportView::ChainView& chain) {
  ChainReport report = chain.fixed;
  std::uint32_t index = 0;
  Millis least = kEndOfTime;
  for (const auto& counters : chain.counters) {
    report.late_rows += counters->operators.late_rows.load(std::memory_order_relaxed);
    report.undecodable_rows += counters->undecodable_rows.load(std::memory_order_relaxed);
    const bool running = index < report.parallelism;
    if (running) {
      report.state_bytes += counters->state_bytes.load(std::memory_order_relaxed);
      least = std::min(least, counters->watermark.load(std::memory_order_relaxed));
    }
    report.subtasks.push_back(
        {.index = index++,
         .rows_in = counters->rows_in.load(std::memory_order_relaxed),
         .rows_out = counters->rows_out.load(std::memory_order_relaxed),
         .busy_nanos = counters->busy_nanos.load(std::memory_order_relaxed),
         .blocked_nanos = counters->blocked_nanos.load(std::memory_order_relaxed),
         .queued_rows = running ? counters->queued_rows.load(std::memory_order_relaxed) : 0});
  }
  report.watermark = least;
  if (chain.splits != nullptr) add_splits(report, *chain.splits);
  return report;
}

}  // namespace penstock
