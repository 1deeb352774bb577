#include "operator/manager/leader_elector.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "runtime/base/log.h"

namespace penstock {
namespace {

using Json = nlohmann::json;

LeaseRecord read_record(const std::string& text) {
  const Json object = Json::parse(text, nullptr, false);
  const Json spec = object.is_object() ? object.value("spec", Json::object()) : Json::object();
  const auto string_of = [&](const char* key) {
    const auto found = spec.find(key);
    return found != spec.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto number_of = [&](const char* key, std::int64_t otherwise) {
    const auto found = spec.find(key);
    return found != spec.end() && found->is_number() ? found->get<std::int64_t>() : otherwise;
  };
  return {.holder = string_of("holderIdentity"),
          .duration_seconds = number_of("leaseDurationSeconds", 15),
          .acquire_time = string_of("acquireTime"),
          .renew_time = string_of("renewTime"),
          .transitions = number_of("leaseTransitions", 0)};
}

std::string write_record(const k8s::ObjectKey& key, const std::string& version,
                         const LeaseRecord& record) {
  Json spec{{"holderIdentity", record.holder},
            {"leaseDurationSeconds", record.duration_seconds},
            {"acquireTime", record.acquire_time},
            {"renewTime", record.renew_time},
            {"leaseTransitions", record.transitions}};
  Json object{{"apiVersion", "coordination.k8s.io/v1"},
              {"kind", "Lease"},
              {"metadata", {{"namespace", key.space}, {"name", key.name}}},
              {"spec", std::move(spec)}};
  if (!version.empty()) object["metadata"]["resourceVersion"] = version;
  return object.dump();
}

// "2026-11-22T18:00:00.123000Z"
std::string micro_time(Millis now) {
  std::string text = to_rfc3339(now);
  text.insert(text.size() - 1, "000");
  return text;
}

}  // namespace

LeaderElector::LeaderElector(const k8s::Reader& reader, const k8s::Writer& writer, Clock& clock,
                             ElectionOptions options)
    : reader_(reader), writer_(writer), clock_(clock), options_(std::move(options)) {}

Status LeaderElector::write(LeaseAct act, const LeaseRecord& record) {
  const k8s::ObjectKey& key = options_.lease;
  const Duration sent = clock_.monotonic();
  const Result<k8s::Object> written =
      act == LeaseAct::kCreate
          ? writer_.create(k8s::leases(), key.space, write_record(key, {}, record))
          : writer_.update(k8s::leases(), key, write_record(key, version_, record));
  if (!written) {
    version_.clear();
    return written.error();
  }
  version_ = written->resource_version();
  state_ = observe_lease(std::move(state_), record, clock_.monotonic());
  renewed_at_ = sent;
  return ok();
}

Status LeaderElector::look() {
  const auto lease = reader_.get(k8s::leases(), options_.lease);
  if (!lease && lease.error().code != Code::kNotFound) return lease.error();
  version_ = lease ? lease->resource_version() : std::string();
  const auto record = lease ? std::optional(read_record(lease->text())) : std::nullopt;
  state_ = observe_lease(std::move(state_), record, clock_.monotonic());
  return ok();
}

bool LeaderElector::round() {
  for (int attempt = 0; attempt < 2; ++attempt) {
    // A leader writes with the version it knows; only a candidate, or one whose write failed,
    // reads.
    if (!leading_ || version_.empty()) {
      if (const Status seen = look(); !seen) {
        log::warning("the lease cannot be read", {{"reason", seen.error().message}});
        return false;
      }
    }
    if (leading_ && state_.seen && state_.seen->holder != options_.me) return false;
    const LeaseAct act = decide_lease(state_, options_.me, clock_.monotonic());
    if (act == LeaseAct::kWait) return false;
    const LeaseRecord record =
        next_lease(state_, options_.me, options_.times, micro_time(clock_.now()));
    const Status done = write(act, record);
    if (done) return true;
    log::warning("the lease cannot be written", {{"reason", done.error().message}});
    const bool raced =
        done.error().code == Code::kConflict || done.error().code == Code::kAlreadyExists;
    if (!raced) return false;
  }
  return false;
}

bool LeaderElector::lead(const std::stop_token& stop, std::function<void()> on_lost) {
  while (!round()) {
    const Duration wait = next_look(state_, options_.times, clock_.monotonic());
    if (!clock_.sleep(wait, stop)) return false;
  }
  on_lost_ = std::move(on_lost);
  leading_ = true;
  log::info("leading", {{"path", k8s::to_string(options_.lease)}});
  keeper_ = std::jthread([this](const std::stop_token& ended) { keep(ended); });
  watch_ = std::jthread([this](const std::stop_token& ended) { watch_time(ended); });
  return true;
}

Duration LeaderElector::since_renewal() const { return clock_.monotonic() - renewed_at_.load(); }

bool LeaderElector::certain() const {
  return leading_ && since_renewal() < options_.times.renew_deadline;
}

void LeaderElector::keep(const std::stop_token& stop) {
  while (clock_.sleep(options_.times.retry, stop)) {
    if (!certain()) return lose();
    const bool held = round();
    if (!held && state_.seen && state_.seen->holder != options_.me) return lose();
  }
}

void LeaderElector::watch_time(const std::stop_token& stop) {
  while (certain()) {
    if (!clock_.sleep_until(renewed_at_.load() + options_.times.renew_deadline, stop)) return;
  }
  if (!stop.stop_requested()) lose();
}

void LeaderElector::lose() {
  if (!leading_.exchange(false)) return;
  log::error("leadership is lost; another operator may be at work",
             {{"path", k8s::to_string(options_.lease)}});
  on_lost_();
}

void LeaderElector::release() {
  for (std::jthread* thread : {&keeper_, &watch_}) {
    thread->request_stop();
    if (thread->joinable()) thread->join();
  }
  if (!leading_.exchange(false)) return;
  for (int attempt = 0; attempt < 3; ++attempt) {
    if (version_.empty() && !look()) continue;
    if (!state_.seen || state_.seen->holder != options_.me) return;
    LeaseRecord record = next_lease(state_, options_.me, options_.times, micro_time(clock_.now()));
    record.holder.clear();
    record.duration_seconds = 1;
    const Status done = write(LeaseAct::kRenew, record);
    if (done) return log::info("the lease is released", {{"path", to_string(options_.lease)}});
    log::warning("the lease cannot be released", {{"reason", done.error().message}});
  }
}

}  // namespace penstock
