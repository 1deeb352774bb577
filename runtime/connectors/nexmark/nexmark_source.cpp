#include "runtime/connectors/nexmark/nexmark_source.h"

#include <algorithm>
#include <optional>

#include "runtime/connectors/nexmark/fields.h"
#include "runtime/connectors/options.h"
#include "runtime/connectors/split_position.h"

namespace penstock {
namespace {

using nexmark::kEpochEvents;

constexpr Millis kPublishedBase = 1'436'918'400'000;  // 2015-07-15 00:00:00
constexpr std::int64_t kMostEvents = std::int64_t{1} << 50;

struct Settings {
  std::string table;
  std::uint64_t events = UINT64_MAX;
  RateSchedule schedule;
  bool paced = false;
  std::optional<Millis> base;
  std::uint64_t splits = 1;
  std::uint64_t seed = 0;
  // Numbers within a group of 50 events that are wanted: [first, last).
  std::uint64_t first = 0, last = kEpochEvents;
  nexmark::Projection projection;

  bool bounded() const { return events != UINT64_MAX; }
};

Result<RateSchedule> read_schedule(const OptionReader& options) {
  TRY_ASSIGN(const auto next, options.integer("next-event.rate"));
  if (next && !options.text("rate-steps")) {
    TRY_ASSIGN(const auto rate, options.integer("first-event.rate"));
    if (rate != next)
      return options.invalid("next-event.rate",
                             "NotImplemented: it must equal first-event.rate; use rate-steps for a "
                             "rate that changes");
  }
  return read_rate(options, "first-event.rate");
}

// Narrows the wanted events by `event_type = number` of the plan's filter.
void apply_filter(const SourceSpec& spec, Settings& settings) {
  constexpr std::uint64_t kBounds[] = {0, 1, 4, kEpochEvents};
  for (const auto& [column, value] : spec.equals) {
    if (spec.declared.fields[column].name != "event_type") continue;
    const auto* type = std::get_if<std::int32_t>(&value.is);
    if (type == nullptr) continue;
    const bool known = *type >= 0 && *type <= 2;
    const std::uint64_t first = known ? kBounds[*type] : 0;
    const std::uint64_t last = known ? kBounds[*type + 1] : 0;
    settings.first = std::max(settings.first, first);
    settings.last = std::max(settings.first, std::min(settings.last, last));
  }
}

Result<Settings> read_settings(const SourceSpec& spec) {
  const OptionReader options(spec.table, spec.connector, spec.options);
  Settings settings{.table = spec.table};
  TRY_ASSIGN(const std::int64_t events, options.integer("events.num", 0, kMostEvents));
  if (events > 0) settings.events = static_cast<std::uint64_t>(events);
  TRY_ASSIGN(settings.schedule, read_schedule(options));
  TRY_ASSIGN(const auto fast, options.boolean("max-emit-speed"));
  settings.paced = !fast.value_or(events > 0 && !options.text("rate-steps"));
  TRY_ASSIGN(settings.base, options.integer("base-time"));
  TRY_ASSIGN(const std::int64_t splits, options.integer("splits", 1, 4096));
  settings.splits = static_cast<std::uint64_t>(splits);
  TRY_ASSIGN(const std::int64_t seed, options.integer("seed", INT64_MIN, INT64_MAX));
  settings.seed = nexmark::mix(static_cast<std::uint64_t>(seed));
  TRY_ASSIGN(settings.projection, nexmark::Projection::of(spec));
  apply_filter(spec, settings);
  return settings;
}

class NexmarkReader final : public SplitReader {
 public:
  NexmarkReader(std::shared_ptr<const Settings> settings, Clock& clock, std::uint64_t index,
                GeneratorPosition position)
      : settings_(std::move(settings)), clock_(clock), index_(index), position_(position) {}

  Result<ReadResult> read(std::size_t max_rows) override {
    const std::uint64_t limit = reachable();
    collect(limit, max_rows);
    ReadResult result;
    if (!numbers_.empty()) {
      times_.resize(numbers_.size());
      settings_->schedule.times_of(numbers_, position_.base, times_.data());
      result.batch = settings_->projection.make({.seed = settings_->seed,
                                                 .base = position_.base,
                                                 .schedule = &settings_->schedule,
                                                 .numbers = numbers_,
                                                 .times = times_});
      position_.next = numbers_.back() + 1;
    }
    if (numbers_.size() == max_rows) return result;
    decide_wait(result);
    return result;
  }

  std::string position() const override { return write_position(position_); }

  std::optional<std::uint64_t> rows_behind() const override {
    if (!settings_->paced && !settings_->bounded()) return std::nullopt;
    const std::uint64_t limit = reachable();
    return limit <= position_.next ? 0 : rows_below(limit) - rows_below(position_.next);
  }

 private:
  // Events below this number can be read now.
  std::uint64_t reachable() const {
    if (!settings_->paced) return settings_->events;
    return std::min(settings_->events,
                    settings_->schedule.events_by(clock_.now() - position_.base));
  }

  // The wanted events of this split from position_.next on, below `limit`.
  void collect(std::uint64_t limit, std::size_t most) {
    numbers_.clear();
    if (settings_->first == settings_->last) return;
    numbers_.reserve(most);
    std::uint64_t epoch = own_epoch(position_.next / kEpochEvents);
    while (numbers_.size() < most) {
      const std::uint64_t start = epoch * kEpochEvents;
      std::uint64_t event = std::max(start + settings_->first, position_.next);
      const std::uint64_t end = std::min(start + settings_->last, limit);
      for (; event < end && numbers_.size() < most; ++event) numbers_.push_back(event);
      if (end < start + settings_->last) return;
      epoch += settings_->splits;
    }
  }

  // The first group of this split from `epoch` on.
  std::uint64_t own_epoch(std::uint64_t epoch) const {
    const std::uint64_t splits = settings_->splits;
    return epoch + (index_ + splits - epoch % splits) % splits;
  }

  // How many rows of this split have an event number below `limit`.
  std::uint64_t rows_below(std::uint64_t limit) const {
    const std::uint64_t splits = settings_->splits;
    const std::uint64_t epoch = limit / kEpochEvents;
    const std::uint64_t whole = epoch > index_ ? (epoch - index_ - 1) / splits + 1 : 0;
    const std::uint64_t rest =
        epoch % splits == index_
            ? std::clamp(limit % kEpochEvents, settings_->first, settings_->last) - settings_->first
            : 0;
    return whole * (settings_->last - settings_->first) + rest;
  }

  // Nothing more can be read now: at the end, or when to ask again.
  void decide_wait(ReadResult& result) const {
    const std::uint64_t epoch = own_epoch(position_.next / kEpochEvents);
    const std::uint64_t next = std::max(epoch * kEpochEvents + settings_->first, position_.next);
    const bool never = settings_->first == settings_->last;
    if (settings_->bounded() && (never || next_event(next) >= settings_->events)) {
      result.state = ReadResult::State::kEnd;
      return;
    }
    result.state = ReadResult::State::kIdle;
    result.again_at = clock_.now() + (never ? 1000 : kLinger);
    if (!never)
      result.again_at =
          std::max(result.again_at, position_.base + settings_->schedule.time_of(next_event(next)));
  }

  // `event`, or the first wanted one of the split's next group when it lies behind the wanted ones.
  std::uint64_t next_event(std::uint64_t event) const {
    if (event % kEpochEvents < settings_->last) return event;
    return (event / kEpochEvents + settings_->splits) * kEpochEvents + settings_->first;
  }

  const std::shared_ptr<const Settings> settings_;
  Clock& clock_;
  const std::uint64_t index_;
  GeneratorPosition position_;
  std::vector<std::uint64_t> numbers_;
  std::vector<Millis> times_;
};

class NexmarkSource final : public Source {
 public:
  NexmarkSource(Settings settings, Clock& clock)
      : settings_(std::make_shared<const Settings>(std::move(settings))), clock_(clock) {}

  bool bounded() const override { return settings_->bounded(); }

  // The base time stands in every split's position from the beginning, so that a restart keeps it.
  Result<std::vector<Split>> discover() override {
    const Millis base = settings_->base.value_or(settings_->paced ? clock_.now() : kPublishedBase);
    std::vector<Split> splits;
    for (std::uint64_t index = 0; index < settings_->splits; ++index)
      splits.push_back({.id = generator_split_id(index, settings_->splits),
                        .position = write_position({base, 0})});
    return splits;
  }

  Result<std::unique_ptr<SplitReader>> open(const Split& split) override {
    TRY_ASSIGN(const GeneratorSplit opened,
               open_generator_split(settings_->table, split.id, split.position, settings_->splits));
    return std::unique_ptr<SplitReader>(
        std::make_unique<NexmarkReader>(settings_, clock_, opened.index, opened.position));
  }

 private:
  const std::shared_ptr<const Settings> settings_;
  Clock& clock_;
};

}  // namespace

Result<std::unique_ptr<Source>> make_nexmark_source(const SourceSpec& spec, Clock& clock) {
  TRY_ASSIGN(Settings settings, read_settings(spec));
  return std::unique_ptr<Source>(std::make_unique<NexmarkSource>(std::move(settings), clock));
}

}  // namespace penstock
