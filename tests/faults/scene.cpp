#include "tests/faults/scene.h"

#include <algorithm>
#include <utility>

#include "controllers/api/job_snapshot.h"
#include "controllers/api/json.h"
#include "controllers/desired/objects.h"
#include "operator/k8s/transport.h"

namespace penstock::faults {
namespace {

using namespace std::chrono_literals;

constexpr int kQuietSteps = 12;  // more than the ten seconds between two refreshes of status
constexpr int kMostSteps = 600;
constexpr int kReconcilesInAStep = 40;
constexpr std::size_t kLate = 5;       // steps that late engines and late caches are behind
constexpr int kStepsOfASuccessor = 3;  // before the request of the one before arrives
constexpr const char* kSql =
    "CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen');"
    "CREATE TABLE sink (n BIGINT) WITH ('connector' = 'blackhole');"
    "INSERT INTO sink SELECT n FROM numbers;";
const k8s::ObjectKey kJob{"team", "flights"};

k8s::Response refusal(int code, const char* reason) {
  return {
      code,
      Json{{"kind", "Status"}, {"code", code}, {"reason", reason}, {"message", "injected"}}.dump()};
}

std::optional<k8s::Response> answer_of(FaultKind kind) {
  switch (kind) {
    case FaultKind::kConflict:
      return refusal(409, "Conflict");
    case FaultKind::kGone:
      return refusal(410, "Expired");
    case FaultKind::kInvalid:
      return refusal(422, "Invalid");
    case FaultKind::kThrottled:
      return refusal(429, "TooManyRequests");
    case FaultKind::kServerError:
      return refusal(500, "InternalError");
    case FaultKind::kUnavailable:
      return refusal(503, "ServiceUnavailable");
    default:
      return std::nullopt;
  }
}

std::string without_digits(std::string text) {
  std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
  return text;
}

std::string counts_text(const std::map<std::string, int>& counts) {
  std::string text;
  for (const auto& [what, count] : counts) text += "\n  " + what + " " + std::to_string(count);
  return text;
}

}  // namespace

Scene::Scene(std::vector<Fault> faults) : faults_(std::move(faults)) {
  api_.end_pods_gracefully();
  begin_operator(0);
}

std::unique_ptr<OperatorProcess> Scene::make_operator() {
  auto made = std::make_unique<OperatorProcess>(
      api_, engines_, clock_,
      [this](OperatorProcess& who, const k8s::Request& request) { return on_call(who, request); });
  made->list();
  return made;
}

void Scene::add_twin() { twin_ = make_operator(); }

void Scene::begin_operator(std::size_t behind) {
  if (operator_) retired_.push_back(std::move(operator_));
  operator_ = make_operator();
  behind_ = behind;
  behind_until_ = steps_ + static_cast<int>(behind);
}

void Scene::create(const k8s::Resource& resource, const std::string& name, const Json& spec) {
  api_.put(resource,
           Json{{"metadata", {{"namespace", kJob.space}, {"name", name}}}, {"spec", spec}}.dump());
}

void Scene::create_job() {
  create(k8s::stream_jobs(), kJob.name, {{"sql", kSql}, {"parallelism", 2}, {"minParallelism", 1}});
}

void Scene::change_spec(const Json& merge_patch) {
  api_.handle({"PATCH", k8s::stream_jobs().path(kJob), Json{{"spec", merge_patch}}.dump(),
               "application/merge-patch+json"});
}

void Scene::drop_finalizer() {
  api_.handle({"PATCH", k8s::stream_jobs().path(kJob), R"({"metadata":{"finalizers":null}})",
               "application/merge-patch+json"});
}

void Scene::delete_job() { api_.remove(k8s::stream_jobs(), kJob); }

void Scene::delete_pods() {
  for (const k8s::Object& pod : api_.objects(k8s::pods()).items)
    api_.remove(k8s::pods(), pod.key());
}

void Scene::end_processes(api::EndingKind kind) {
  for (const k8s::Object& pod : api_.objects(k8s::pods()).items) {
    Engines::Process* process = engines_.find(pod.uid());
    if (process == nullptr || process->ending) continue;
    process->phase = "Ended";
    process->ending = api::EndingReport{kind, "Because", "it is so"};
  }
}

void Scene::evict_pods() {
  for (const k8s::Object& pod : api_.objects(k8s::pods()).items) {
    engines_.end(pod.uid());
    api_.put_status(k8s::pods(), pod.key(),
                    R"({"phase":"Failed","reason":"Evicted","message":"the node is full"})");
  }
}

const Fault* Scene::fault_at(bool request, int number) const {
  const auto found = std::ranges::find_if(faults_, [&](const Fault& fault) {
    return at_a_request(fault.kind) == request && number >= fault.at &&
           number < fault.at + fault.steps;
  });
  return found == faults_.end() ? nullptr : &*found;
}

Result<k8s::Response> Scene::on_call(OperatorProcess& who, const k8s::Request& request) {
  if (!who.alive) return Error{Code::kCancelled, "this operator is dead"};
  const Fault* fault = fault_at(true, requests_++);
  if (fault == nullptr) return serve(request);
  happened_.insert(fault->kind);
  log_.push_back(to_string(*fault));
  if (const auto answer = answer_of(fault->kind)) return *answer;
  switch (fault->kind) {
    case FaultKind::kTakenOver:
    case FaultKind::kTakenOverLate:
      return taken_over(who, request, fault->kind == FaultKind::kTakenOverLate);
    case FaultKind::kAnswerLost:
      static_cast<void>(serve(request));
      return Error{Code::kUnavailable, "injected after the fact"};
    case FaultKind::kCrashAfter:
      static_cast<void>(serve(request));
      [[fallthrough]];
    case FaultKind::kCrashBefore:
      who.alive = false;
      return Error{Code::kCancelled, "injected crash"};
    default:
      return Error{Code::kUnavailable, "injected"};
  }
}

// What the successor does, it does before the request arrives; then that is judged by the server.
Result<k8s::Response> Scene::taken_over(OperatorProcess& who, const k8s::Request& request,
                                        bool late) {
  begin_operator(late ? kLate : 0);
  operator_->wake_all();
  for (int i = 0; i < kStepsOfASuccessor; ++i) step();
  log_.push_back("what was on its way arrives");
  static_cast<void>(serve(request));
  who.alive = false;
  return Error{Code::kCancelled, "leadership is lost"};
}

Result<k8s::Response> Scene::serve(const k8s::Request& request) {
  const std::string path = request.target.substr(0, request.target.find('?'));
  const bool marked =
      request.method == "DELETE" &&
      api_.handle({"GET", path}).body.find("deletionTimestamp") != std::string::npos;
  k8s::Response response = api_.handle(request);
  if (request.method == "GET") return response;
  const std::string plural = k8s::classify(request.method, request.target).second;
  std::string what = plural;
  if (request.method == "POST")
    what += " " + Json::parse(request.body)["metadata"].value("name", "");
  if (request.method == "DELETE") what += path.substr(path.rfind('/'));
  log_.push_back(std::to_string(steps_) + ": " + request.method + " " + what + " -> " +
                 std::to_string(response.status));
  if (request.method == "POST" && response.status == 201) ++creates_[what];
  if (request.method == "DELETE" && response.status == 200 && !marked) ++deletes_[what];
  return response;
}

void Scene::set_faults() {
  const Fault* fault = fault_at(false, steps_);
  cache_faults_ = {};
  engines_.faults = {};
  clock_.set_ahead(0);
  if (std::exchange(relist_, false)) operator_->list();
  if (fault == nullptr) return;
  happened_.insert(fault->kind);
  const auto is = [&](FaultKind kind) { return fault->kind == kind; };
  const bool last = steps_ + 1 == fault->at + fault->steps;
  relist_ = last && is(FaultKind::kLostEvents);
  cache_faults_ = {.frozen = is(FaultKind::kFrozenCaches),
                   .lossy = is(FaultKind::kLostEvents),
                   .twice = is(FaultKind::kTwiceEvents)};
  if (is(FaultKind::kLateKind)) cache_faults_.late = fault->which;
  constexpr Millis kHour = 3'600'000;
  if (is(FaultKind::kClockForward)) clock_.set_ahead(kHour);
  if (is(FaultKind::kClockBack)) clock_.set_ahead(-kHour);
  engines_.faults = {.silent = is(FaultKind::kEngineSilent),
                     .refuses = is(FaultKind::kEngineRefuses),
                     .mute = is(FaultKind::kEngineMute),
                     .idle = is(FaultKind::kEngineIdle),
                     .forgets = is(FaultKind::kEngineForgets),
                     .other = is(FaultKind::kEngineOther),
                     .late = is(FaultKind::kEngineLate) ? kLate : 0};
}

void Scene::let_work(OperatorProcess& who) {
  who.see({}, api_.version());
  who.look_at_engines();
  for (int i = 0; i < kReconcilesInAStep && who.work(); ++i) who.see({}, api_.version());
}

// One second.
void Scene::step() {
  set_faults();
  const auto see = [this] {
    const bool behind = steps_ < behind_until_ && versions_.size() > behind_;
    operator_->see(cache_faults_, behind ? versions_[versions_.size() - behind_] : api_.version());
  };
  see();
  // A frozen cache must not keep anybody from looking: that is when mistakes are made.
  if (cache_faults_.frozen || cache_faults_.late) operator_->wake_all();
  operator_->look_at_engines();
  for (int i = 0; i < kReconcilesInAStep && operator_->work(); ++i) {
    if (!operator_->alive) {
      begin_operator(0);
      operator_->wake_all();
    }
    see();
    // In turns, reconcile by reconcile: that is when two get into each other's way.
    if (twin_) let_work(*twin_);
  }
  if (twin_) let_work(*twin_);
  run_pods();
  engines_.tick(clock_.true_now());
  clock_.advance(1s);
  ++steps_;
  versions_.push_back(api_.version());
}

bool Scene::settle() {
  const auto over = [this](const Fault& fault) {
    return at_a_request(fault.kind) || steps_ >= fault.at + fault.steps || steps_ < fault.at;
  };
  std::string before;
  int quiet = 0;
  for (int i = 0; i < kMostSteps; ++i) {
    step();
    const std::string now = outcome();
    // What is pending is waited for, however long that takes.
    const bool calm = now == before && operator_->content() && !job().status.pending &&
                      job().status.phase != api::Phase::kMoving &&
                      std::ranges::all_of(faults_, over);
    quiet = calm ? quiet + 1 : 0;
    before = now;
    if (quiet == kQuietSteps) return true;
  }
  return false;
}

void Scene::run_pods() {
  for (const k8s::Object& object : api_.objects(k8s::pods()).items) {
    const api::Pod pod = api::parse<api::Pod>(object.text()).value();
    if (object.meta().deleting) {
      engines_.end(object.uid());
      api_.handle({"DELETE", k8s::pods().path(object.key()), R"({"gracePeriodSeconds":0})"});
    } else if (pod.status.phase != "Failed") {
      run_pod(pod, Json::parse(object.text()));
    }
  }
}

void Scene::run_pod(const api::Pod& pod, const Json& seen) {
  const std::string key = pod.metadata.uid;
  Engines::Process* process = engines_.find(key);
  if (process == nullptr) {
    const api::Resources resources = job().spec.resources;
    const auto slots =
        (requested_size(pod).cpu.value - resources.base.cpu.value) / resources.slot.cpu.value;
    Engines::Process begun{.job_uid = job().metadata.uid,
                           .wanted = static_cast<std::uint32_t>(slots),
                           .running = static_cast<std::uint32_t>(slots),
                           .started_at = clock_.true_now()};
    const std::string text = seen.dump();
    if (text.find("--follow") != std::string::npos) begun.phase = "Following";
    const auto from = text.find("-snapshots/");
    if (from != std::string::npos) {
      const auto begin = text.rfind('"', from) + 1;
      begun.restored_from = text.substr(begin, text.find('"', from) - begin);
    }
    process = &engines_.start(key, std::move(begun));
  }
  say(pod, *process, seen);
}

void Scene::say(const api::Pod& pod, const Engines::Process& process, const Json& seen) {
  const Json& container = seen["spec"]["containers"][0];
  Json state{{"running", Json::object()}};
  if (process.ending) {
    const Json message{{"kind", std::string(api::to_string(process.ending->kind))},
                       {"reason", process.ending->reason}};
    state = {{"terminated", {{"exitCode", 0}, {"message", message.dump()}}}};
  }
  const Json status{{"phase", process.ending ? "Succeeded" : "Running"},
                    {"podIP", "127.0.0.9"},
                    {"containerStatuses",
                     {{{"name", container["name"]},
                       {"ready", process.phase == "Running"},
                       {"restartCount", 0},
                       {"resources", container.value("resources", Json::object())},
                       {"state", state}}}}};
  api_.put_status(k8s::pods(), {pod.metadata.name_space, pod.metadata.name}, status.dump());
}

api::StreamJob Scene::job() const {
  auto parsed = api::parse<api::StreamJob>(api_.find(k8s::stream_jobs(), kJob));
  return parsed ? *parsed : api::StreamJob{};
}

// Whether the numbers in the status of a running job are of the last seconds.
std::string Scene::freshness(const api::StreamJobStatus& status) {
  if (status.phase != api::Phase::kRunning) return "";
  const Millis age = clock_.now() - status.refreshed_at.millis;
  return age >= 0 && age <= 15'000 ? " fresh" : " old by " + std::to_string(age / 1000) + " s";
}

std::string Scene::state() {
  std::string text;
  if (const std::string json = api_.find(k8s::stream_jobs(), kJob); json.empty()) {
    text = "gone";
  } else {
    const api::StreamJobStatus status = job().status;
    text = std::string(api::to_string(status.phase)) + " slots " +
           std::to_string(status.parallelism.running) + "/" +
           std::to_string(status.parallelism.desired) + " pods " +
           std::to_string(status.counters.pods) + " restarts " + std::to_string(status.restarts) +
           " from " + without_digits(status.savepoint) + " error " + status.error.code +
           (status.pending ? " pending " + status.pending->step : "") + freshness(status);
    for (const api::VersionStatus& version : status.versions) text += "\n  version " + version.hash;
    for (const api::Condition& one : status.conditions)
      text += "\n  " + one.type + " " + std::string(api::to_string(one.status)) + " " + one.reason;
  }
  for (const k8s::Object& object : api_.objects(k8s::pods()).items) {
    const api::Pod pod = api::parse<api::Pod>(object.text()).value();
    text += "\nPod " + object.key().name + (object.meta().deleting ? " deleting" : "") + " " +
            pod.status.phase + " cpu " + std::to_string(requested_size(pod).cpu.value);
  }
  for (const k8s::Object& map : api_.objects(k8s::config_maps()).items)
    text += "\nConfigMap " + map.key().name;
  text += "\nSecrets " + std::to_string(api_.count(k8s::secrets()));
  for (const k8s::Object& object : api_.objects(k8s::job_snapshots()).items) {
    const auto snapshot = api::parse<api::JobSnapshot>(object.text()).value();
    text += "\nJobSnapshot " + object.key().name + " " +
            std::string(api::to_string(snapshot.status.phase)) + " " + snapshot.status.uri;
  }
  return text;
}

std::string Scene::outcome() {
  std::string text = state();
  text += "\ncreates" + counts_text(creates_) + "\ndeletes" + counts_text(deletes_) +
          "\nprocesses " + std::to_string(engines_.starts) + ", of these from nothing " +
          std::to_string(engines_.lost_starts) + "\nsavepoints " +
          std::to_string(engines_.savepoints.size());
  return text;
}

std::string Scene::log() const {
  std::string text;
  for (const std::string& line : log_) text += line + "\n";
  return text;
}

}  // namespace penstock::faults
