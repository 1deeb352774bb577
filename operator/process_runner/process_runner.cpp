#include "operator/process_runner/process_runner.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "operator/cache/informer.h"
#include "operator/k8s/reader.h"
#include "operator/k8s/writer.h"
#include "operator/process_runner/node_registration.h"
#include "operator/process_runner/pod_folder.h"
#include "operator/process_runner/pod_objects.h"
#include "operator/process_runner/pod_probes.h"
#include "operator/process_runner/pod_status.h"
#include "runtime/base/guarded.h"
#include "runtime/base/log.h"
#include "runtime/base/units.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Action = PodPlan::Action;

constexpr Millis kLongestWait = 60'000;
constexpr Millis kUntilSynced = 20;

// Owns a file descriptor.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

// One Pod of this machine between two looks at it.
struct Entry {
  k8s::Object object;
  PodView pod;
  std::string refusal;  // why the runner cannot run it
  PodProbes probes;
  std::string start_error;
  Millis start_failed_at = 0;
  std::optional<Millis> term_sent_at;
  std::int64_t watched_pid = 0;
  Fd process = Fd();  // pidfd of watched_pid
  std::size_t attempts = 0;
  std::string written_status;
  bool volumes_changed = false;
  std::optional<Millis> wake_at;
};

class LocalProcessRunner final : public ProcessRunner {
 public:
  LocalProcessRunner(ProcessRunnerOptions options, k8s::Transport& transport, Clock& clock)
      : options_(std::move(options)),
        transport_(transport),
        clock_(clock),
        reader_(transport),
        writer_(transport, "penstock-process-runner"),
        wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

  ~LocalProcessRunner() override {
    thread_ = {};
    informer_.reset();
    objects_.reset();
  }

  Status begin() {
    TRY(register_node(writer_, options_.node_name, options_.capacity, clock_.now()));
    objects_ = PodObjects::follow(transport_, clock_, [this] { wake(); });
    informer_ = std::make_unique<k8s::Informer>(
        reader_, k8s::pods(), k8s::Scope{}, store_, clock_, 1,
        [this](const k8s::StoreChange& change) {
          changes_.with([&](auto& list) { list.push_back(change); });
          wake();
        });
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    return ok();
  }

  void stop_all(Duration grace) override {
    thread_ = {};  // nobody starts anything any more
    const Duration deadline = clock_.monotonic() + grace;
    for (const auto& [uid, entry] : entries_) signal_pod(entry, SIGTERM);
    const std::stop_source never;
    while (any_running() && clock_.monotonic() < deadline)
      clock_.sleep(std::chrono::milliseconds(20), never.get_token());
    for (const auto& [uid, entry] : entries_) signal_pod(entry, SIGKILL);
    while (any_running()) clock_.sleep(std::chrono::milliseconds(20), never.get_token());
  }

 private:
  void wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(wake_.get(), &one, sizeof one);
  }

  void run(const std::stop_token& stop) {
    const std::stop_callback wake_up(stop, [this] { wake(); });
    bool swept = false;
    while (!stop.stop_requested()) {
      // Asked before the changes are taken: then the whole first list is among them. A Pod that is
      // not known yet would be swept away, with its process.
      const bool synced = store_.synced(1);
      take_changes();
      if (!swept && synced) swept = sweep();
      if (synced) note_changed_objects();
      for (auto& [uid, entry] : entries_) look(entry);
      std::erase_if(entries_, [](const auto& item) { return item.second.pod.uid.empty(); });
      // Changes wake, but not that they were the last of the first list.
      wait(synced ? kLongestWait : kUntilSynced);
    }
  }

  void take_changes() {
    for (const k8s::StoreChange& change :
         changes_.with([](auto& list) { return std::exchange(list, {}); })) {
      if (change.after) {
        take(*change.after);
      } else if (const auto found = entries_.find(change.before->uid()); found != entries_.end()) {
        end(found->second);
        // At once: nobody may look at it again, and start what has just ended.
        entries_.erase(found);
      }
    }
  }

  void note_changed_objects() {
    for (const PodObject& object : objects_->take_changed())
      for (auto& [uid, entry] : entries_)
        for (const PodMount& mount : entry.pod.mounts)
          if (PodObject{entry.pod.name_space, mount.kind, mount.object} == object) {
            entry.volumes_changed = true;
            entry.start_failed_at = 0;  // it may be what the start has waited for
          }
  }

  void take(const k8s::Object& object) {
    auto [found, is_new] = entries_.try_emplace(object.uid(), Entry{.object = object});
    Entry& entry = found->second;
    entry.object = object;
    auto pod = read_pod(object.text());
    if (pod) {
      entry.pod = std::move(pod).value();
      entry.refusal.clear();
    } else {
      entry.pod.uid = object.uid();
      entry.refusal = pod.error().message;
      log::warning("pod refused",
                   {{"pod", k8s::to_string(object.key())}, {"reason", entry.refusal}});
    }
  }

  // The Pod is gone from the API without our leave: nothing of it may run on.
  void end(const Entry& entry) {
    signal_pod(entry, SIGKILL);
    PodFolder(pods(), entry.pod.uid).remove();
  }

  // Folders of Pods that were deleted while nobody looked.
  bool sweep() {
    std::error_code ignored;
    fs::create_directories(pods(), ignored);
    for (const auto& item : fs::directory_iterator(pods(), ignored)) {
      const std::string uid = item.path().filename().string();
      if (entries_.contains(uid)) continue;
      const PodFolder folder(pods(), uid);
      const auto attempts = folder.attempts(clock_.now());
      if (!attempts.empty())
        signal_container(item.path(), static_cast<int>(attempts.size()) - 1, SIGKILL);
      fs::remove_all(item.path(), ignored);
    }
    return true;
  }

  void look(Entry& entry) {
    if (!entry.refusal.empty()) return refuse(entry);
    const Millis now = clock_.now();
    PodFolder folder(pods(), entry.pod.uid);
    PodFacts facts = facts_of(entry, folder, now);
    watch_process(entry, facts);
    if (entry.watched_pid != 0 && !entry.term_sent_at)
      entry.probes.step(entry.pod, facts.pod_ip, facts.attempts.back().started_at, clock_);
    facts.probes = entry.probes.states();
    const PodPlan plan = plan_pod(
        entry.pod, facts, fs::path(image_name(entry.pod.image)).filename() == "penstock", now);
    entry.wake_at = plan.wake_at;
    if (entry.volumes_changed && entry.watched_pid != 0) update_volumes(entry, folder, now);
    act(entry, folder, plan, facts, now);
    if (!entry.pod.uid.empty() && plan.action != Action::kStart)
      write_status(entry, plan.status_json, now);
  }

  static std::string image_name(const std::string& image) {
    const std::size_t slash = image.rfind('/');
    const std::size_t tag = image.find_first_of(":@", slash == std::string::npos ? 0 : slash);
    return image.substr(0, tag);
  }

  PodFacts facts_of(Entry& entry, const PodFolder& folder, Millis now) {
    PodFacts facts{.attempts = folder.attempts(now),
                   .start_error = entry.start_error,
                   .start_failed_at = entry.start_failed_at,
                   .pod_ip = folder.pod_ip(),
                   .term_sent_at = entry.term_sent_at};
    const bool running =
        !facts.attempts.empty() && facts.attempts.back().state == ContainerFacts::State::kRunning;
    if (!running) facts.termination_message = folder.termination_message();
    if (facts.attempts.size() != entry.attempts) {
      entry.attempts = facts.attempts.size();
      entry.probes.reset();
      // What was asked to end is not what runs now, unless the Pod goes.
      if (!entry.pod.deleted_at) entry.term_sent_at.reset();
      facts.term_sent_at = entry.term_sent_at;
    }
    Amount granted;
    for (const auto& [uid, other] : entries_) {
      if (uid == entry.pod.uid || !other.pod.scheduled || other.pod.phase == "Succeeded" ||
          other.pod.phase == "Failed")
        continue;
      granted.millicpu += other.pod.requests.millicpu;
      granted.bytes += other.pod.requests.bytes;
    }
    facts.fit = fit_node(options_.capacity, granted, entry.pod.requests);
    return facts;
  }

  void act(Entry& entry, PodFolder& folder, const PodPlan& plan, const PodFacts& facts,
           Millis now) {
    const int current = static_cast<int>(facts.attempts.size()) - 1;
    switch (plan.action) {
      case Action::kNothing:
        break;
      case Action::kStart:
        start_container(entry, folder, current + 1, now);
        break;
      case Action::kTerminate:
        log::info("container asked to end",
                  {{"pod", k8s::to_string(entry.object.key())}, {"reason", plan.reason}});
        entry.term_sent_at = now;
        signal_container(folder.path(), current, SIGTERM);
        break;
      case Action::kKill:
        signal_container(folder.path(), current, SIGKILL);
        break;
      case Action::kForget:
        forget(entry, folder);
        break;
    }
  }

  void start_container(Entry& entry, PodFolder& folder, int attempt, Millis now) {
    const Status started = try_start(entry, folder, attempt);
    entry.start_error = started ? "" : started.error().message;
    entry.start_failed_at = now;
    entry.wake_at = now;  // look again at once: the status has changed
    if (started)
      log::info("container started",
                {{"pod", k8s::to_string(entry.object.key())}, {"attempt", attempt}});
    else
      log::warning("container not started",
                   {{"pod", k8s::to_string(entry.object.key())}, {"reason", entry.start_error}});
  }

  Status try_start(Entry& entry, PodFolder& folder, int attempt) {
    if (folder.pod_ip().empty()) TRY(folder.set_pod_ip(free_ip()));
    if (!entry.pod.scheduled) {
      const Json binding = {{"spec", {{"nodeName", options_.node_name}}}};
      TRY(writer_.patch(k8s::pods(), entry.object.key(), binding.dump()));
      entry.pod.scheduled = true;
    }
    entry.volumes_changed = false;
    TRY_ASSIGN(const ContainerLaunch launch,
               folder.prepare(entry.pod, attempt, options_.program, read_keys_of(entry)));
    return launch_container(options_.shim, launch);
  }

  ReadKeys read_keys_of(const Entry& entry) const {
    return [this, space = entry.pod.name_space](PodMount::Kind kind, const std::string& name) {
      return objects_->read({space, kind, name});
    };
  }

  // What a running container has mounted follows its objects. What is gone stays as it was.
  void update_volumes(Entry& entry, PodFolder& folder, Millis now) {
    const Status written = folder.write_volumes(entry.pod, read_keys_of(entry));
    entry.volumes_changed = !written && written.error().code == Code::kUnavailable;
    if (written) return;
    log::warning("volumes not updated", {{"pod", k8s::to_string(entry.object.key())},
                                         {"reason", written.error().message}});
    if (entry.volumes_changed) entry.wake_at = now + 1000;
  }

  std::string free_ip() {
    std::set<std::string> taken;
    for (const auto& [uid, entry] : entries_) taken.insert(PodFolder(pods(), uid).pod_ip());
    return free_pod_ip(options_.data.string(), taken);
  }

  void forget(Entry& entry, PodFolder& folder) {
    const Status removed =
        writer_.remove(k8s::pods(), entry.object.key(), {.uid = entry.pod.uid}, 0);
    if (!removed && removed.error().code != Code::kNotFound) {
      entry.wake_at = clock_.now() + 1000;
      return;
    }
    folder.remove();
    entry.pod.uid.clear();
  }

  void refuse(Entry& entry) {
    const Json status = {{"phase", "Failed"},
                         {"reason", "Unsupported"},
                         {"message", entry.refusal},
                         {"conditions", Json::array()}};
    write_status(entry, status.dump(), clock_.now());
  }

  void write_status(Entry& entry, const std::string& wanted, Millis now) {
    const std::optional<std::string> status = next_status(entry.object, wanted, now);
    if (!status || *status == entry.written_status) return;
    const Status written = write_pod_status(writer_, entry.object.key(), *status);
    if (written) {
      entry.written_status = *status;
    } else if (written.error().code != Code::kNotFound) {
      log::warning("pod status not written", {{"pod", k8s::to_string(entry.object.key())},
                                              {"reason", written.error().message}});
      entry.wake_at = now + 1000;
    }
  }

  void watch_process(Entry& entry, const PodFacts& facts) {
    const bool running =
        !facts.attempts.empty() && facts.attempts.back().state == ContainerFacts::State::kRunning;
    const std::int64_t pid = running ? facts.attempts.back().pid : 0;
    if (pid == entry.watched_pid) return;
    entry.watched_pid = pid;
    entry.process =
        Fd(pid == 0 ? -1 : static_cast<int>(syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0)));
  }

  void wait(Millis wait) {
    std::vector<pollfd> fds = {{.fd = wake_.get(), .events = POLLIN, .revents = 0}};
    const Millis now = clock_.now();
    for (const auto& [uid, entry] : entries_) {
      // An ended process keeps its pidfd readable until its keeper has written how it ended; that
      // is looked for every 20 ms.
      if (entry.process.get() >= 0)
        fds.push_back({.fd = entry.process.get(), .events = POLLIN, .revents = 0});
      if (const auto most = entry.probes.poll_for(fds, clock_)) wait = std::min(wait, *most);
      if (entry.wake_at) wait = std::min(wait, std::max<Millis>(0, *entry.wake_at - now));
    }
    poll(fds.data(), fds.size(), static_cast<int>(wait));
    bool process_ended = false;
    for (std::size_t i = 1; i < fds.size(); ++i) process_ended |= fds[i].revents != 0;
    if (fds[0].revents != 0) {
      std::uint64_t drained = 0;
      [[maybe_unused]] const auto got = read(wake_.get(), &drained, sizeof drained);
    } else if (process_ended) {
      poll(fds.data(), 1, 5);
    }
  }

  void signal_pod(const Entry& entry, int signal) const {
    const PodFolder folder(pods(), entry.pod.uid);
    const auto attempts = folder.attempts(clock_.now());
    if (!attempts.empty())
      signal_container(folder.path(), static_cast<int>(attempts.size()) - 1, signal);
  }

  bool any_running() const {
    return std::ranges::any_of(entries_, [&](const auto& item) {
      const auto attempts = PodFolder(pods(), item.first).attempts(clock_.now());
      return !attempts.empty() && attempts.back().state == ContainerFacts::State::kRunning;
    });
  }

  fs::path pods() const { return options_.data / "pods"; }

  const ProcessRunnerOptions options_;
  k8s::Transport& transport_;
  Clock& clock_;
  k8s::Reader reader_;
  k8s::Writer writer_;
  Fd wake_;
  k8s::ObjectStore store_;
  Guarded<std::vector<k8s::StoreChange>> changes_;
  std::map<std::string, Entry>
      entries_;  // by uid; the runner's thread alone, or whoever has joined it
  std::unique_ptr<k8s::Informer> informer_;
  std::unique_ptr<PodObjects> objects_;
  std::jthread thread_;
};

}  // namespace

Result<std::unique_ptr<ProcessRunner>> ProcessRunner::start(ProcessRunnerOptions options,
                                                            k8s::Transport& transport,
                                                            Clock& clock) {
  auto runner = std::make_unique<LocalProcessRunner>(std::move(options), transport, clock);
  TRY(runner->begin());
  return std::unique_ptr<ProcessRunner>(std::move(runner));
}

std::optional<fs::path> find_log(const fs::path& data, const std::string& pod_uid, int attempt) {
  const fs::path folder = data / "pods" / pod_uid;
  int count = 0;
  while (fs::exists(container_log(folder, count))) ++count;
  const int number = attempt < 0 ? count + attempt : attempt;
  if (number < 0 || number >= count) return std::nullopt;
  return container_log(folder, number);
}

}  // namespace penstock
