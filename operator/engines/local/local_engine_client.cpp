#include "operator/engines/local/local_engine_client.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>
#include <utility>

#include "operator/engines/local/order_calls.h"
#include "operator/engines/local/report_from_proto.h"
#include "operator/engines/local/watch_stream.h"
#include "runtime/base/guarded.h"
#include "runtime/control/proto/control.grpc.pb.h"

namespace penstock {
namespace {

// A follower that may take over now.
bool is_ready(const api::JobReport& report) {
  return report.following && report.following->caught_up;
}

bool changes_the_picture(const std::optional<api::JobReport>& before, const api::JobReport& now) {
  if (!before) return true;
  return before->phase != now.phase || before->running != now.running ||
         before->wanted != now.wanted || before->restarts != now.restarts ||
         before->rescales.count != now.rescales.count ||
         before->ending.has_value() != now.ending.has_value() || before->uid != now.uid ||
         before->failures.size() != now.failures.size() || is_ready(*before) != is_ready(now) ||
         before->move != now.move;
}

// A process that has just started answers within this, much sooner than one that was lost.
constexpr Duration kFirstRetry = std::chrono::milliseconds(50);

// Whether plain text may be spoken there.
bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address.starts_with("[::1]:");
}

std::shared_ptr<grpc::ChannelCredentials> credentials_of(const LocalEngineOptions& options) {
  if (options.authority.empty()) return nullptr;
  return grpc::SslCredentials({options.authority, options.key, options.certificate});
}

// What the streams and the client share of one followed job.
struct Followed {
  EngineTarget target;
  bool busy = true;
  std::uint64_t incarnation = 0;  // a new one for every address
  std::uint64_t stream = 0;       // the stream that counts; older ones are ignored
  std::shared_ptr<v1::Control::Stub> stub;
  std::shared_ptr<grpc::ClientContext> watch;  // of the open stream
  std::optional<api::JobReport> report;
  Duration reported{0};  // monotonic
  std::optional<Duration> retry_at;
  Duration patience{0};  // before the next retry; grows from try to try
  std::optional<Millis> unknown_since;
  std::string reason = "not reached yet";
  std::map<std::string, OrderOutcome> outcomes;
};

// What has to be told to gRPC once no lock is held: it may call back at once, in this thread.
struct Deferred {
  std::vector<std::shared_ptr<grpc::ClientContext>> cancelled;
  struct Opened {
    WatchStream* stream;
    std::string uid;  // of the job
    std::uint32_t period_millis;
  };
  std::vector<Opened> opened;

  ~Deferred() {
    for (const auto& context : cancelled) context->TryCancel();
    for (const Opened& it : opened) it.stream->start(it.uid, it.period_millis);
  }
};

class LocalEngineClient final : public EngineClient, private WatchListener {
 public:
  LocalEngineClient(Clock& clock, LocalEngineOptions options)
      : clock_(clock),
        options_(std::move(options)),
        tls_(credentials_of(options_)),
        keeper_([this](const std::stop_token& stop) { keep(stop); }) {}

  ~LocalEngineClient() override {
    keeper_.request_stop();
    keeper_.join();
    {
      Deferred deferred;
      jobs_.with([&](Jobs& jobs) {
        for (auto& [key, job] : jobs) cancel(job, deferred);
      });
      calls_.add_contexts(deferred.cancelled);
    }
    under_way_.wait();
  }

  void on_change(std::function<void(const std::string& job)> listener) override {
    listener_.with([&](auto& current) { current = std::move(listener); });
  }

  void follow(const EngineTarget& target, bool busy) override {
    Deferred deferred;
    jobs_.with([&](Jobs& jobs) {
      const auto known = jobs.find(target.key);
      if (known != jobs.end() && known->second.target == target) {
        Followed& job = known->second;
        if (job.busy == busy) return;
        job.busy = busy;
        if (job.watch) open(job, deferred);  // with the other period
        return;
      }
      if (known == jobs.end() && jobs.size() >= options_.max_jobs) return;
      Followed& job = jobs[target.key];
      cancel(job, deferred);
      job = Followed{};
      job.target = target;
      job.busy = busy;
      job.incarnation = ++incarnations_;
      job.unknown_since = clock_.now();
      job.reason = reason_to_stay_away(target);
      if (!job.reason.empty()) return;
      job.reason = "not reached yet";
      job.stub = v1::Control::NewStub(channel(target));
      open(job, deferred);
    });
  }

  void forget(const std::string& key) override {
    Deferred deferred;
    jobs_.with([&](Jobs& jobs) {
      const auto known = jobs.find(key);
      if (known == jobs.end()) return;
      cancel(known->second, deferred);
      jobs.erase(known);
    });
  }

  EngineView view(const std::string& key) override {
    return jobs_.with([&](const Jobs& jobs) {
      EngineView view;
      const auto known = jobs.find(key);
      if (known == jobs.end()) {
        view.unknown_since = clock_.now();
        view.unknown_reason = jobs.size() >= options_.max_jobs
                                  ? "the operator follows as many jobs as it may"
                                  : "not followed";
        return view;
      }
      const Followed& job = known->second;
      view.report = job.report;
      if (job.report) view.report_age = clock_.monotonic() - job.reported;
      view.unknown_since = job.unknown_since;
      if (job.unknown_since) view.unknown_reason = job.reason;
      return view;
    });
  }

  void order(const std::string& key, const EngineOrder& order) override {
    OrderCalls::Addressee to;
    std::uint64_t incarnation = 0;
    jobs_.with([&](Jobs& jobs) {
      const auto known = jobs.find(key);
      if (known == jobs.end() || known->second.outcomes.contains(order.id)) return;
      auto& outcomes = known->second.outcomes;
      if (outcomes.size() >= 64) {
        std::erase_if(outcomes, [](const auto& entry) {
          return entry.second.state != OrderOutcome::State::kRunning;
        });
      }
      outcomes[order.id] = {};
      to.uid = known->second.target.uid;
      incarnation = known->second.incarnation;
      to.stub = known->second.stub;
    });
    if (to.stub == nullptr) return;
    calls_.send(to, order, [this, key, incarnation, id = order.id](const OrderOutcome& outcome) {
      finish(key, incarnation, id, outcome);
    });
  }

  std::optional<OrderOutcome> outcome(const std::string& key, const std::string& id) override {
    return jobs_.with([&](const Jobs& jobs) -> std::optional<OrderOutcome> {
      const auto known = jobs.find(key);
      if (known == jobs.end()) return std::nullopt;
      const auto found = known->second.outcomes.find(id);
      if (found == known->second.outcomes.end()) return std::nullopt;
      return found->second;
    });
  }

 private:
  using Jobs = std::map<std::string, Followed>;

  // By a stream, on a thread of gRPC.
  void reported(const std::string& key, std::uint64_t stream,
                const v1::JobReport& message) override {
    api::JobReport report = from_proto(message);
    std::string job;
    jobs_.with([&](Jobs& jobs) {
      const auto known = jobs.find(key);
      if (known == jobs.end() || known->second.stream != stream) return;
      Followed& followed = known->second;
      if (followed.unknown_since || changes_the_picture(followed.report, report)) {
        job = followed.target.job;
      }
      followed.report = std::move(report);
      followed.reported = clock_.monotonic();
      followed.patience = Duration{0};
      followed.unknown_since.reset();
    });
    notify(job);
  }

  void ended(const std::string& key, std::uint64_t stream, const grpc::Status& status) override {
    std::string job;
    jobs_.with([&](Jobs& jobs) {
      const auto known = jobs.find(key);
      if (known == jobs.end() || known->second.stream != stream) return;
      Followed& followed = known->second;
      followed.watch.reset();
      followed.patience = std::min(std::max(followed.patience * 2, kFirstRetry), options_.retry);
      followed.retry_at = clock_.monotonic() + followed.patience;
      const bool finished = followed.report && followed.report->ending;
      if (finished) return;
      lose(followed,
           "no answer from " + followed.target.address + ": " +
               (status.ok() ? "the stream ended" : status.error_message()),
           job);
    });
    notify(job);
    wake_keeper();
  }

  // With the lock of jobs_ held. Opens a stream and makes it the one that counts.
  void open(Followed& job, Deferred& deferred) {
    cancel(job, deferred);
    job.retry_at.reset();
    job.watch = std::make_shared<grpc::ClientContext>();
    const std::uint64_t stream = ++streams_;
    job.stream = stream;
    const Duration period = job.busy ? options_.busy_period : options_.calm_period;
    // Owned by gRPC from start() to OnDone().
    deferred.opened.push_back(
        {new WatchStream(*this, under_way_, job.target.key, stream, job.stub, job.watch),
         job.target.uid, static_cast<std::uint32_t>(period / std::chrono::milliseconds(1))});
  }

  static void cancel(Followed& job, Deferred& deferred) {
    if (job.watch) deferred.cancelled.push_back(std::exchange(job.watch, nullptr));
  }

  void lose(Followed& job, std::string reason, std::string& notify_job) {
    if (!job.unknown_since)
      job.unknown_since = clock_.now();
    else if (job.reason == reason)
      return;
    notify_job = job.target.job;
    job.reason = std::move(reason);
  }

  void wake_keeper() {
    std::stop_source nap = nap_.with([](const std::stop_source& current) { return current; });
    nap.request_stop();
  }

  // Sleeps until the next retry is due, and no longer than what notices silence; a stream that ends
  // meanwhile ends the sleep.
  bool sleep_a_while(const std::stop_token& stop) {
    const std::stop_token woken = nap_.with([](std::stop_source& nap) {
      nap = std::stop_source();
      return nap.get_token();
    });
    std::stop_callback forward(stop, [this] { wake_keeper(); });
    Duration pause = std::min(options_.retry, options_.busy_period);
    jobs_.with([&](const Jobs& jobs) {
      const Duration now = clock_.monotonic();
      for (const auto& [key, job] : jobs)
        if (job.retry_at && !(job.report && job.report->ending))
          pause = std::min(pause, std::max(*job.retry_at - now, Duration{1}));
    });
    static_cast<void>(clock_.sleep(pause, woken));
    return !stop.stop_requested();
  }

  // Opens streams again and notices silence.
  void keep(const std::stop_token& stop) {
    while (sleep_a_while(stop)) {
      under_way_.clear_buried();
      std::vector<std::string> lost;
      Deferred deferred;
      jobs_.with([&](Jobs& jobs) {
        const Duration now = clock_.monotonic();
        for (auto& [key, job] : jobs) {
          const bool finished = job.report && job.report->ending;
          if (job.retry_at && *job.retry_at <= now && !finished) open(job, deferred);
          const Duration period = job.busy ? options_.busy_period : options_.calm_period;
          if (job.report && !finished && now - job.reported > period + options_.silence) {
            std::string name;
            lose(job, "no report from " + job.target.address + " for too long", name);
            if (!name.empty()) lost.push_back(name);
          }
        }
      });
      for (const std::string& job : lost) notify(job);
    }
  }

  std::string reason_to_stay_away(const EngineTarget& target) const {
    if (!target.server_name.empty() && !tls_)
      return "this operator has no certificate to show to " + target.server_name;
    if (target.server_name.empty() && !is_loopback(target.address))
      return "without certificates only processes on loopback are asked, not " + target.address;
    return {};
  }

  std::shared_ptr<grpc::Channel> channel(const EngineTarget& target) const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
    if (target.server_name.empty())
      return grpc::CreateCustomChannel(target.address, grpc::InsecureChannelCredentials(),
                                       arguments);
    arguments.SetSslTargetNameOverride(target.server_name);
    return grpc::CreateCustomChannel(target.address, tls_, arguments);
  }

  void finish(const std::string& key, std::uint64_t incarnation, const std::string& id,
              const OrderOutcome& outcome) {
    std::string job;
    jobs_.with([&](Jobs& jobs) {
      const auto known = jobs.find(key);
      if (known == jobs.end() || known->second.incarnation != incarnation) return;
      known->second.outcomes[id] = outcome;
      job = known->second.target.job;
    });
    notify(job);
  }

  void notify(const std::string& job) {
    if (job.empty()) return;
    listener_.with([&](const auto& listener) {
      if (listener) listener(job);
    });
  }

  Clock& clock_;
  const LocalEngineOptions options_;
  const std::shared_ptr<grpc::ChannelCredentials> tls_;  // null: plain connections only
  Guarded<std::function<void(const std::string&)>> listener_;
  std::atomic<std::uint64_t> streams_{0}, incarnations_{0};
  Guarded<Jobs> jobs_;
  Guarded<std::stop_source> nap_;  // of the keeper
  CallsUnderWay under_way_;
  OrderCalls calls_{under_way_};
  std::jthread keeper_;
};

}  // namespace

std::unique_ptr<EngineClient> make_local_engine_client(Clock& clock, LocalEngineOptions options) {
  return std::make_unique<LocalEngineClient>(clock, std::move(options));
}

}  // namespace penstock
