#include "operator/engines/local/local_engine_client.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "operator/engines/local/report_from_proto.h"
#include "runtime/base/guarded.h"
#include "runtime/base/overloaded.h"
#include "runtime/control/proto/control.grpc.pb.h"

namespace penstock {
namespace {

Error from_grpc(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::INVALID_ARGUMENT:
      return {Code::kInvalid, status.error_message()};
    case grpc::StatusCode::FAILED_PRECONDITION:
      return {Code::kConflict, status.error_message()};
    case grpc::StatusCode::CANCELLED:
      return {Code::kCancelled, status.error_message()};
    case grpc::StatusCode::DATA_LOSS:
      return {Code::kCorrupt, status.error_message()};
    case grpc::StatusCode::INTERNAL:
      return {Code::kInternal, status.error_message()};
    default:
      return {Code::kUnavailable, status.error_message()};
  }
}

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

// Counts what is in flight on gRPC's threads, so that the owner can wait for the last of it.
class InFlight {
 public:
  void enter() {
    std::scoped_lock lock(mutex_);
    ++count_;
  }
  void leave() {
    std::scoped_lock lock(mutex_);
    if (--count_ == 0) none_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [&] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  int count_ = 0;
};

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

class LocalEngineClient;

// One Watch stream. Deletes itself when gRPC is done with it.
class WatchStream final : public grpc::ClientReadReactor<v1::JobReport> {
 public:
  WatchStream(LocalEngineClient& client, std::string key, std::uint64_t stream,
              std::shared_ptr<v1::Control::Stub> stub, std::shared_ptr<grpc::ClientContext> context)
      : client_(client),
        key_(std::move(key)),
        stream_(stream),
        stub_(std::move(stub)),
        context_(std::move(context)) {}

  void start(const std::string& uid, std::uint32_t period_millis) {
    request_.set_uid(uid);
    request_.set_period_millis(period_millis);
    stub_->async()->Watch(context_.get(), &request_, this);
    StartRead(&report_);
    StartCall();
  }

  void OnReadDone(bool more) override;
  void OnDone(const grpc::Status& status) override;

 private:
  LocalEngineClient& client_;
  const std::string key_;
  const std::uint64_t stream_;
  std::shared_ptr<v1::Control::Stub> stub_;
  std::shared_ptr<grpc::ClientContext> context_;
  v1::WatchRequest request_;
  v1::JobReport report_;
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

class LocalEngineClient final : public EngineClient {
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
      contexts_.with([&](auto& contexts) {
        for (const auto& context : contexts) {
          if (auto alive = context.lock()) deferred.cancelled.push_back(std::move(alive));
        }
      });
    }
    in_flight_.wait();
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
    Addressee to{.key = key};
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
      to.incarnation = known->second.incarnation;
      to.stub = known->second.stub;
    });
    if (to.stub) send(to, order);
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

  // By a stream, on a thread of gRPC.
  void reported(const std::string& key, std::uint64_t stream, const v1::JobReport& message) {
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

  void ended(const std::string& key, std::uint64_t stream, const grpc::Status& status) {
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

  // Whoever destroys the last channel on a thread of gRPC destroys that thread's own queue: stubs
  // and contexts, which hold channels, end on a thread of ours.
  void bury(std::shared_ptr<v1::Control::Stub> stub, std::shared_ptr<grpc::ClientContext> context) {
    buried_.with([&](auto& buried) { buried.emplace_back(std::move(stub), std::move(context)); });
  }
  // The very last thing that a stream or a call does.
  void leave() { in_flight_.leave(); }

 private:
  using Buried = std::vector<
      std::pair<std::shared_ptr<v1::Control::Stub>, std::shared_ptr<grpc::ClientContext>>>;
  using Jobs = std::map<std::string, Followed>;

  // With the lock of jobs_ held. Opens a stream and makes it the one that counts.
  void open(Followed& job, Deferred& deferred) {
    cancel(job, deferred);
    job.retry_at.reset();
    job.watch = std::make_shared<grpc::ClientContext>();
    const std::uint64_t stream = ++streams_;
    job.stream = stream;
    in_flight_.enter();
    const Duration period = job.busy ? options_.busy_period : options_.calm_period;
    // Owned by gRPC from start() to OnDone().
    deferred.opened.push_back({new WatchStream(*this, job.target.key, stream, job.stub, job.watch),
                               job.target.uid,
                               static_cast<std::uint32_t>(period / std::chrono::milliseconds(1))});
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
      buried_.with([](Buried& buried) { return std::exchange(buried, {}); });
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

  // Whom an order goes to.
  struct Addressee {
    std::string key;
    std::string uid{};  // of the job
    std::uint64_t incarnation = 0;
    std::shared_ptr<v1::Control::Stub> stub{};
  };

  // One unary call with its messages, alive until its callback has run.
  template <typename Request, typename Reply>
  struct Call {
    std::shared_ptr<v1::Control::Stub> stub;
    std::shared_ptr<grpc::ClientContext> context = std::make_shared<grpc::ClientContext>();
    Request request;
    Reply reply;
  };

  template <typename Request, typename Reply, typename Fill, typename Method>
  void start(const Addressee& to, const EngineOrder& order, Fill&& fill, Method method) {
    auto call = std::make_shared<Call<Request, Reply>>();
    call->stub = to.stub;
    call->context->set_deadline(std::chrono::system_clock::now() + order.deadline);
    v1::Fence& fence = *call->request.mutable_fence();
    fence.set_uid(to.uid);
    fence.set_generation(order.generation);
    fence.set_decision(order.decision);
    fill(call->request);
    contexts_.with([&](auto& contexts) {
      std::erase_if(contexts, [](const auto& context) { return context.expired(); });
      contexts.push_back(call->context);
    });
    in_flight_.enter();
    method(*to.stub->async(), call->context.get(), &call->request, &call->reply,
           [this, call, key = to.key, incarnation = to.incarnation,
            id = order.id](const grpc::Status& status) {
             OrderOutcome outcome{.state = OrderOutcome::State::kDone};
             if constexpr (std::is_same_v<Reply, v1::CheckpointReply>) {
               outcome.checkpoint = {call->reply.id()};
               outcome.state_bytes = call->reply.state_bytes();
             }
             if constexpr (std::is_same_v<Reply, v1::HandOverReply>)
               outcome.checkpoint = {call->reply.checkpoint()};
             if (!status.ok()) {
               outcome.state = OrderOutcome::State::kFailed;
               outcome.error = from_grpc(status);
             }
             finish(key, incarnation, id, outcome);
             bury(std::move(call->stub), std::move(call->context));
             leave();
           });
  }

  void send(const Addressee& to, const EngineOrder& order) {
    const auto handle = Overloaded{
        [&](const EngineOrder::Rescale& rescale) {
          start<v1::RescaleRequest, v1::RescaleReply>(
              to, order,
              [&](v1::RescaleRequest& request) {
                request.set_parallelism(rescale.parallelism);
                request.set_reason(rescale.reason);
              },
              [](auto& async, auto... args) { async.Rescale(args...); });
        },
        [&](const EngineOrder::Checkpoint&) {
          start<v1::CheckpointRequest, v1::CheckpointReply>(
              to, order, [](v1::CheckpointRequest&) {},
              [](auto& async, auto... args) { async.Checkpoint(args...); });
        },
        [&](const EngineOrder::Savepoint& savepoint) {
          start<v1::SavepointRequest, v1::CheckpointReply>(
              to, order, [&](v1::SavepointRequest& request) { request.set_uri(savepoint.uri); },
              [](auto& async, auto... args) { async.Savepoint(args...); });
        },
        [&](const EngineOrder::Dispose& dispose) {
          start<v1::DisposeRequest, v1::DisposeReply>(
              to, order, [&](v1::DisposeRequest& request) { request.set_uri(dispose.uri); },
              [](auto& async, auto... args) { async.Dispose(args...); });
        },
        [&](const EngineOrder::Stop& stop) {
          start<v1::StopRequest, v1::StopReply>(
              to, order,
              [&](v1::StopRequest& request) {
                using Mode = EngineOrder::Stop::Mode;
                request.set_mode(stop.mode == Mode::kNow     ? v1::StopRequest::NOW
                                 : stop.mode == Mode::kDrain ? v1::StopRequest::DRAIN
                                                             : v1::StopRequest::SAVEPOINT);
                request.set_savepoint_uri(stop.savepoint_uri);
              },
              [](auto& async, auto... args) { async.Stop(args...); });
        },
        [&](const EngineOrder::Configure& configure) {
          start<v1::ConfigureRequest, v1::ConfigureReply>(
              to, order,
              [&](v1::ConfigureRequest& request) { request.set_log_level(configure.log_level); },
              [](auto& async, auto... args) { async.Configure(args...); });
        },
        [&](const EngineOrder::HandOver&) {
          start<v1::HandOverRequest, v1::HandOverReply>(
              to, order, [](v1::HandOverRequest&) {},
              [](auto& async, auto... args) { async.HandOver(args...); });
        },
        [&](const EngineOrder::TakeOver& take_over) {
          start<v1::TakeOverRequest, v1::TakeOverReply>(
              to, order, [&](v1::TakeOverRequest& request) { request.set_now(take_over.now); },
              [](auto& async, auto... args) { async.TakeOver(args...); });
        },
    };
    std::visit(handle, order.what);
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
  Guarded<std::vector<std::weak_ptr<grpc::ClientContext>>> contexts_;
  Guarded<Buried> buried_;
  Guarded<std::stop_source> nap_;  // of the keeper
  InFlight in_flight_;
  std::jthread keeper_;
};

void WatchStream::OnReadDone(bool more) {
  if (!more) return;
  client_.reported(key_, stream_, report_);
  StartRead(&report_);
}

void WatchStream::OnDone(const grpc::Status& status) {
  LocalEngineClient& client = client_;
  client.ended(key_, stream_, status);
  client.bury(std::move(stub_), std::move(context_));
  delete this;
  client.leave();
}

}  // namespace

std::unique_ptr<EngineClient> make_local_engine_client(Clock& clock, LocalEngineOptions options) {
  return std::make_unique<LocalEngineClient>(clock, std::move(options));
}

}  // namespace penstock
