#include "runtime/bench/latency.h"

#include <algorithm>
#include <map>

#include "runtime/expr/evaluate.h"
#include "runtime/graph/key_groups.h"

namespace penstock::bench {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

// Who wrote the last row of each group between two times.
std::map<std::uint16_t, std::uint16_t> owners(const std::vector<Arrival>& by_time,
                                              std::int64_t from, std::int64_t until) {
  std::map<std::uint16_t, std::uint16_t> owner;
  for (const Arrival& arrival : by_time)
    if (arrival.at >= from && arrival.at < until) owner[arrival.group] = arrival.subtask;
  return owner;
}

class LatencyWriter final : public SinkWriter {
 public:
  LatencyWriter(std::uint32_t key_groups, Clock& clock, std::uint16_t subtask,
                std::shared_ptr<std::vector<Arrival>> noted)
      : key_groups_(key_groups), clock_(clock), subtask_(subtask), noted_(std::move(noted)) {}

  Status write(const Batch& batch) override {
    const std::int64_t now = clock_.monotonic().count();
    const auto keys = batch.columns[0].values<std::int64_t>();
    const auto due = batch.columns[1].values<std::int64_t>();
    hashes_.resize(batch.physical_rows);
    hash_rows({&batch.columns[0]}, batch.physical_rows, hashes_.data());
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const std::size_t row = batch.row(i);
      if (keys[row] % kSampledKeys != 0 || due[row] == 0) continue;
      if (sign_of(batch.kind_at(row)) < 0) continue;
      const KeyGroup group = key_group_of(hashes_[row], key_groups_);
      noted_->push_back({now, now - due[row], static_cast<std::uint16_t>(group.value), subtask_});
    }
    return ok();
  }
  Result<std::vector<Committable>> prepare(CheckpointId) override {
    return std::vector<Committable>{};
  }

 private:
  const std::uint32_t key_groups_;
  Clock& clock_;
  const std::uint16_t subtask_;
  const std::shared_ptr<std::vector<Arrival>> noted_;
  std::vector<std::uint64_t> hashes_;
};

class LatencySink final : public Sink {
 public:
  LatencySink(LatencyLog& log, std::uint32_t key_groups, Clock& clock)
      : log_(log), key_groups_(key_groups), clock_(clock) {}
  Result<std::unique_ptr<SinkWriter>> open(const WriterIdentity& writer) override {
    return std::unique_ptr<SinkWriter>(std::make_unique<LatencyWriter>(
        key_groups_, clock_, static_cast<std::uint16_t>(writer.subtask.value), log_.open()));
  }
  Status commit(const Committable&) override { return ok(); }
  Status discard(std::string_view, RecordNumber) override { return ok(); }

 private:
  LatencyLog& log_;
  const std::uint32_t key_groups_;
  Clock& clock_;
};

}  // namespace

std::shared_ptr<std::vector<Arrival>> LatencyLog::open() {
  // Room for all of a bench: growing would stop the row that is measured.
  constexpr std::size_t kArrivals = 4u << 20;
  auto noted = std::make_shared<std::vector<Arrival>>();
  noted->reserve(kArrivals);
  all_.with([&](auto& all) { all.push_back(noted); });
  return noted;
}

std::vector<Arrival> LatencyLog::arrivals() const {
  std::vector<Arrival> arrivals;
  all_.with([&](const auto& all) {
    for (const auto& noted : all) arrivals.insert(arrivals.end(), noted->begin(), noted->end());
  });
  std::ranges::sort(arrivals, {}, &Arrival::at);
  return arrivals;
}

std::unique_ptr<Sink> make_latency_sink(LatencyLog& log, std::uint32_t key_groups, Clock& clock) {
  return std::make_unique<LatencySink>(log, key_groups, clock);
}

Lateness lateness(const std::vector<Arrival>& arrivals, const std::vector<Rescaled>& rescales,
                  std::int64_t from) {
  Lateness found;
  for (const Rescaled& rescale : rescales) {
    const auto before = owners(arrivals, rescale.began - 2 * kSecond, rescale.began);
    const auto after = owners(arrivals, rescale.ended, rescale.ended + 2 * kSecond);
    std::vector<bool> moved(UINT16_MAX + 1);
    Lateness::Near near;
    for (const auto& [group, owner] : before) {
      const auto now = after.find(group);
      if (now == after.end() || now->second == owner) continue;
      moved[group] = true;
      ++near.moved_groups;
    }
    for (const Arrival& arrival : arrivals)
      if (moved[arrival.group] && arrival.at >= rescale.began &&
          arrival.at < rescale.ended + kSecond)
        near.millis.push_back(static_cast<double>(arrival.late) * 1e-6);
    found.rescales.push_back(std::move(near));
  }
  for (const Arrival& arrival : arrivals) {
    const bool apart = std::ranges::all_of(rescales, [&](const Rescaled& rescale) {
      return arrival.at < rescale.began || arrival.at >= rescale.ended + 2 * kSecond;
    });
    if (apart && arrival.at >= from) found.far.push_back(static_cast<double>(arrival.late) * 1e-6);
  }
  return found;
}

}  // namespace penstock::bench
