#include "runtime/connectors/rate_schedule.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "runtime/base/units.h"

namespace penstock {
namespace {

constexpr std::int64_t kMaxRate = 1'000'000'000;

Error malformed(std::string_view steps) {
  return {Code::kInvalid,
          "expected durations and events per second such as '20s:20000,20s:120000', found '" +
              std::string(steps) + "'"};
}

Result<RateSchedule::Step> parse_step(std::string_view text, std::string_view all) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return malformed(all);
  const Result<Duration> duration = parse_duration(text.substr(0, colon));
  const std::string_view digits = text.substr(colon + 1);
  std::int64_t rate = -1;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), rate);
  if (!duration || failed != std::errc{} || end != digits.data() + digits.size())
    return malformed(all);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(*duration).count();
  if (millis <= 0 || rate < 0 || rate > kMaxRate) return malformed(all);
  return RateSchedule::Step{millis, rate};
}

}  // namespace

RateSchedule RateSchedule::constant(std::int64_t rate) {
  RateSchedule schedule;
  schedule.segments_ = {{.count = UINT64_MAX, .rate = static_cast<std::uint64_t>(rate)}};
  return schedule;
}

Result<RateSchedule> RateSchedule::parse(std::string_view steps) {
  if (steps.ends_with(',')) return malformed(steps);
  RateSchedule schedule;
  for (std::string_view rest = steps; !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    TRY_ASSIGN(const Step step, parse_step(rest.substr(0, comma), steps));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    const auto rate = static_cast<std::uint64_t>(step.rate);
    const std::uint64_t count = static_cast<std::uint64_t>(step.millis) * rate / 1000;
    if (count > 0)
      schedule.segments_.push_back({.first = schedule.cycle_events_,
                                    .count = count,
                                    .start = schedule.cycle_,
                                    .rate = rate});
    schedule.cycle_events_ += count;
    schedule.cycle_ += step.millis;
  }
  if (schedule.cycle_events_ == 0) return malformed(steps);
  return schedule;
}

RateSchedule::Stretch RateSchedule::stretch_of(std::uint64_t event) const {
  if (cycle_events_ == 0) return {0, UINT64_MAX, 0, segments_[0].rate};
  const std::uint64_t cycle = event / cycle_events_;
  const std::uint64_t within = event % cycle_events_;
  const Segment& segment = *std::ranges::find_if(
      segments_, [&](const Segment& s) { return within < s.first + s.count; });
  const std::uint64_t first = cycle * cycle_events_ + segment.first;
  return {first, first + segment.count, static_cast<Millis>(cycle) * cycle_ + segment.start,
          segment.rate};
}

Millis RateSchedule::time_of(std::uint64_t event) const {
  const Stretch stretch = stretch_of(event);
  return stretch.start + static_cast<Millis>((event - stretch.first) * 1000 / stretch.rate);
}

void RateSchedule::times_of(std::span<const std::uint64_t> events, Millis base,
                            std::int64_t* out) const {
  Stretch stretch{};
  double millis_per_event = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i] >= stretch.end) {
      stretch = stretch_of(events[i]);
      millis_per_event = 1000.0 / static_cast<double>(stretch.rate);
    }
    // An estimate by multiplication, put right: much cheaper than a division.
    const std::uint64_t number = events[i] - stretch.first;
    auto millis = static_cast<std::int64_t>(static_cast<double>(number) * millis_per_event);
    const auto rest =
        static_cast<std::int64_t>(number * 1000) - millis * static_cast<std::int64_t>(stretch.rate);
    millis += rest < 0 ? -1 : rest >= static_cast<std::int64_t>(stretch.rate) ? 1 : 0;
    out[i] = base + stretch.start + millis;
  }
}

std::uint64_t RateSchedule::events_by(Millis time) const {
  if (time < 0) return 0;
  // Events of a stretch up to and including `millis` after its start: floor(n * 1000 / rate) <=
  // millis.
  const auto up_to = [](std::uint64_t rate, Millis millis) {
    return (static_cast<std::uint64_t>(millis + 1) * rate + 999) / 1000;
  };
  if (cycle_events_ == 0) return up_to(segments_[0].rate, time);
  const auto cycle = static_cast<std::uint64_t>(time / cycle_);
  const Millis within = time % cycle_;
  std::uint64_t count = cycle * cycle_events_;
  for (const Segment& segment : segments_)
    if (segment.start <= within)
      count += std::min(segment.count, up_to(segment.rate, within - segment.start));
  return count;
}

Result<RateSchedule> read_rate(const OptionReader& options, std::string_view rate) {
  if (const auto steps = options.text("rate-steps")) {
    Result<RateSchedule> schedule = RateSchedule::parse(*steps);
    if (!schedule) return options.invalid("rate-steps", schedule.error().message);
    return schedule;
  }
  TRY_ASSIGN(const std::int64_t constant, options.integer(rate, 1, kMaxRate));
  return RateSchedule::constant(constant);
}

}  // namespace penstock
