#include "operator/reconcilers/event_recorder.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "controllers/desired/names.h"
#include "runtime/base/log.h"

namespace penstock {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLongestQueue = 1000;
constexpr std::size_t kMostSeries = 4096;
constexpr Duration kRepeatEvery = std::chrono::minutes(6);
constexpr std::string_view kController = "penstock.dev/operator";

std::string micro_time(Millis now) {
  std::string text = to_rfc3339(now);
  text.insert(text.size() - 1, "000");
  return text;
}

}  // namespace

EventRecorder::EventRecorder(const k8s::Writer& writer, Clock& clock, std::string instance)
    : writer_(writer),
      clock_(clock),
      instance_(std::move(instance)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void EventRecorder::record(const k8s::Resource& resource, const k8s::Object& regarding,
                           EventText text) {
  text.note = text.note.substr(0, 1024);
  const std::string hash = short_hash(regarding.uid() + text.reason + text.action + text.note);
  Pending pending{.space = regarding.key().space.empty() ? "default" : regarding.key().space,
                  .name = regarding.key().name.substr(0, 200) + "." + hash,
                  .kind = resource.kind,
                  .object_name = regarding.key().name,
                  .uid = regarding.uid(),
                  .api_version = resource.api_version(),
                  .text = std::move(text)};
  std::scoped_lock lock(mutex_);
  if (queue_.size() >= kLongestQueue) {
    ++dropped_;
    return;
  }
  queue_.push_back(std::move(pending));
  changed_.notify_all();
}

void EventRecorder::flush() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return queue_.empty() && !sending_; });
}

void EventRecorder::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, stop, [&] { return !queue_.empty(); });
    if (stop.stop_requested() && queue_.empty()) return;
    const Pending pending = std::move(queue_.front());
    queue_.pop_front();
    sending_ = true;
    const std::uint64_t dropped = std::exchange(dropped_, 0);
    lock.unlock();
    if (dropped > 0) log::warning("events were dropped", {{"rows", dropped}});
    send(pending);
    lock.lock();
    sending_ = false;
    changed_.notify_all();
  }
}

void EventRecorder::send(const Pending& pending) {
  const std::string key = pending.space + "/" + pending.name;
  const Duration now = clock_.monotonic();
  const auto known = series_.find(key);
  Status sent = ok();
  if (known == series_.end()) {
    if (series_.size() >= kMostSeries) series_.clear();
    series_[key] = {1, now};
    sent = create(pending);
    // An earlier operator, or a request that was sent twice, made it.
    if (!sent && sent.error().code == Code::kAlreadyExists) {
      series_[key].count = 2;
      sent = count(pending, 2);
    }
  } else {
    Series& series = known->second;
    ++series.count;
    if (series.count > 2 && now - series.written < kRepeatEvery) return;
    series.written = now;
    sent = count(pending, series.count);
    if (!sent && sent.error().code == Code::kNotFound) {
      series = {1, now};  // its time to live was over
      sent = create(pending);
    }
  }
  if (!sent) {
    log::debug("an event cannot be written", {{"job", key}, {"reason", sent.error().message}});
  }
}

Status EventRecorder::create(const Pending& pending) {
  const std::string now = micro_time(clock_.now());
  const Json event{{"apiVersion", "events.k8s.io/v1"},
                   {"kind", "Event"},
                   {"metadata", {{"namespace", pending.space}, {"name", pending.name}}},
                   {"eventTime", now},
                   {"type", pending.text.warning ? "Warning" : "Normal"},
                   {"reason", pending.text.reason},
                   {"action", pending.text.action},
                   {"note", pending.text.note},
                   {"reportingController", kController},
                   {"reportingInstance", instance_},
                   {"regarding",
                    {{"apiVersion", pending.api_version},
                     {"kind", pending.kind},
                     {"namespace", pending.space},
                     {"name", pending.object_name},
                     {"uid", pending.uid}}}};
  const auto written = writer_.create(k8s::events(), pending.space, event.dump());
  return written ? ok() : Status(written.error());
}

Status EventRecorder::count(const Pending& pending, std::int64_t seen) {
  const Json patch{{"series", {{"count", seen}, {"lastObservedTime", micro_time(clock_.now())}}}};
  const auto written = writer_.patch(k8s::events(), {pending.space, pending.name}, patch.dump());
  return written ? ok() : Status(written.error());
}

}  // namespace penstock
