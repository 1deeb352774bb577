#include "runtime/exec/source_reader.h"

#include <algorithm>
#include <iterator>

namespace penstock {

Result<SourceReader> SourceReader::make(Config config) {
  std::optional<Evaluator> watermark;
  if (config.watermark) {
    TRY_ASSIGN(watermark, Evaluator::make(*config.watermark, config.clock));
  }
  return SourceReader(config, std::move(watermark));
}

void SourceReader::take_recorded() {
  for (Split& split : config_.splits.take_finished(config_.epoch))
    finished_.push_back(std::move(split));
  while (take_one(true)) {
  }
}

bool SourceReader::take_one(bool only_pooled) {
  auto split = config_.splits.take(config_.subtask, config_.epoch, held_.size(), only_pooled);
  if (!split) return false;
  held_.push_back(std::move(*split));
  return true;
}

void SourceReader::take_all() {
  const std::uint64_t changes = config_.splits.changes();
  if (changes == seen_changes_) return;
  take_recorded();
  while (take_one(false)) {
  }
  seen_changes_ = changes;
}

// The split that is furthest behind of those that are not idle; held_.size() when all are.
std::size_t SourceReader::pick(Millis now) {
  std::size_t best = held_.size();
  for (std::size_t n = 0; n < held_.size(); ++n) {
    const std::size_t i = (turn_ + n) % held_.size();
    if (held_[i].again_at > now) continue;
    if (best == held_.size() || held_[i].split.watermark < held_[best].split.watermark) best = i;
  }
  ++turn_;
  return best;
}

Result<std::optional<Batch>> SourceReader::read(Millis now) {
  take_all();
  const bool cut = config_.splits.cut_at_once();
  const std::size_t index = cut && !held_.empty() ? 0 : pick(now);
  if (index == held_.size()) return std::optional<Batch>();
  HeldSplit& held = held_[index];
  if (held.reader == nullptr) {
    TRY_ASSIGN(held.reader, config_.splits.source().open(held.split));
  }
  if (cut) {
    finish(index);
    return std::optional<Batch>(Batch{});
  }
  TRY_ASSIGN(ReadResult result, held.reader->read(config_.batch_rows));
  TRY(note(held, result.batch));
  if (result.state == ReadResult::State::kIdle) held.again_at = result.again_at;
  const bool idle_end = result.state == ReadResult::State::kIdle && config_.splits.draining();
  if (result.state == ReadResult::State::kEnd || idle_end) finish(index);
  return std::optional<Batch>(std::move(result.batch));
}

Status SourceReader::note(HeldSplit& held, const Batch& batch) {
  const std::size_t rows = batch.rows();
  if (watermark_ && rows > 0) {
    TRY_ASSIGN(const Column times, watermark_->evaluate(batch));
    const auto values = times.values<std::int64_t>();
    Millis latest = kNoWatermark;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!times.is_null(i)) latest = std::max(latest, values[i]);
    held.split.watermark = std::max(held.split.watermark, latest);
  }
  const std::uint64_t undecodable = held.reader->undecodable_rows();
  config_.counters.undecodable_rows += undecodable - held.undecodable_counted;
  held.undecodable_counted = undecodable;
  config_.counters.rows_in += rows;
  if (rows > 0) config_.splits.progress(held, rows);
  return ok();
}

void SourceReader::finish(std::size_t index) {
  HeldSplit& held = held_[index];
  Split done = held.split;
  done.position = held.reader->position();
  done.finished = true;
  config_.splits.finish(held);
  finished_.push_back(std::move(done));
  held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
}

std::optional<Millis> SourceReader::again_at() const {
  std::optional<Millis> earliest;
  for (const HeldSplit& held : held_)
    if (!earliest || held.again_at < *earliest) earliest = held.again_at;
  return earliest;
}

std::vector<Split> SourceReader::record() const {
  std::vector<Split> all = finished_;
  for (const HeldSplit& held : held_) {
    Split split = held.split;
    if (held.reader != nullptr) split.position = held.reader->position();
    all.push_back(std::move(split));
  }
  return all;
}

void SourceReader::rescale(SubtaskIndex subtask, bool leaves) {
  ++config_.epoch;
  config_.subtask = subtask;
  const std::size_t keep = std::min(held_.size(), config_.splits.allowance(subtask));
  std::vector<HeldSplit> back;
  std::move(held_.begin() + static_cast<std::ptrdiff_t>(keep), held_.end(),
            std::back_inserter(back));
  held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(keep), held_.end());
  std::vector<Split> finished;
  if (leaves) finished = std::move(finished_);
  config_.splits.pass_rescale(config_.epoch, std::move(back), std::move(finished));
  seen_changes_ = 0;
}

}  // namespace penstock
