#include "operator/keda/server.h"

#include <grpcpp/grpcpp.h>

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "controllers/api/json.h"
#include "operator/keda/proto/externalscaler.grpc.pb.h"
#include "operator/keda/scaler.h"
#include "runtime/base/log.h"

namespace penstock::keda {
namespace {

namespace proto = ::externalscaler;
using grpc::StatusCode;

constexpr Duration kLook = std::chrono::seconds(1);
constexpr int kMostBytes = 1 << 20;

grpc::Status to_grpc(const Error& error) {
  switch (error.code) {
    case Code::kInvalid:
      return {StatusCode::INVALID_ARGUMENT, error.message};
    case Code::kNotFound:
      return {StatusCode::NOT_FOUND, error.message};
    case Code::kConflict:
      return {StatusCode::FAILED_PRECONDITION, error.message};
    default:
      return {StatusCode::UNAVAILABLE, error.message};
  }
}

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address.starts_with("[::1]:") ||
         address.starts_with("localhost:");
}

// gRPC wants brackets around an IPv6 address: "[::]:9090" for ":::9090".
std::string bracketed(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  const std::string host = address.substr(0, colon);
  if (colon == std::string::npos || host.find(':') == std::string::npos || host.starts_with('['))
    return address;
  return "[" + host + "]" + address.substr(colon);
}

// What the calls ask, over the cache.
class Answers {
 public:
  Answers(const k8s::ObjectStore& jobs, Clock& clock) : jobs_(jobs), clock_(clock) {}

  Result<Trigger> trigger(const proto::ScaledObjectRef& ref) const {
    return read_trigger(ref.namespace_(), ref.name(),
                        {ref.scalermetadata().begin(), ref.scalermetadata().end()});
  }
  Result<api::StreamJob> job(const Trigger& trigger) const {
    const auto object = jobs_.find({trigger.name_space, trigger.job});
    if (!object)
      return Error{Code::kNotFound, "there is no StreamJob " + trigger.job + " in namespace " +
                                        trigger.name_space + " (metadata.job names it)"};
    return api::parse<api::StreamJob>(object->text());
  }
  Result<bool> active(const proto::ScaledObjectRef& ref) const {
    TRY_ASSIGN(const Trigger asked, trigger(ref));
    TRY_ASSIGN(const api::StreamJob found, job(asked));
    return is_active(found, clock_.now());
  }
  Result<double> value(const proto::GetMetricsRequest& request) const {
    TRY_ASSIGN(const Trigger asked, trigger(request.scaledobjectref()));
    if (!request.metricname().empty() && request.metricname() != name_of(asked.metric))
      return Error{Code::kInvalid, "the metric of this trigger is " + name_of(asked.metric) +
                                       ", not " + request.metricname()};
    TRY_ASSIGN(const api::StreamJob found, job(asked));
    return value_of(asked, found, clock_.now());
  }

 private:
  const k8s::ObjectStore& jobs_;
  Clock& clock_;
};

class Streams;

// One listener: a message at once, and one with every change. Frees itself when the call is over.
class ActivityStream final : public grpc::ServerWriteReactor<proto::IsActiveResponse> {
 public:
  ActivityStream(Streams& streams, proto::ScaledObjectRef ref)
      : streams_(streams), ref_(std::move(ref)) {}

  const proto::ScaledObjectRef& ref() const { return ref_; }
  // Under the lock of the streams, so that none is freed meanwhile. What changes while a message is
  // on its way is seen at the next look.
  void tell(bool active) {
    if (ended_ || writing_ || told_ == active) return;
    told_ = active;
    writing_ = true;
    message_.set_result(active);
    StartWrite(&message_);
  }
  void end(grpc::Status status) {
    if (std::exchange(ended_, true)) return;
    Finish(std::move(status));
  }

  void OnWriteDone(bool sent) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  friend class Streams;
  Streams& streams_;
  const proto::ScaledObjectRef ref_;
  // Guarded by the streams' lock.
  proto::IsActiveResponse message_;
  std::optional<bool> told_;
  bool writing_ = false, ended_ = false;
};

// All listeners.
class Streams {
 public:
  explicit Streams(const Answers& answers) : answers_(answers) {}

  ActivityStream* add(const proto::ScaledObjectRef& ref) {
    auto* const stream = new ActivityStream(*this, ref);
    const std::scoped_lock lock(mutex_);
    if (closed_) {
      stream->ended_ = true;
      stream->Finish({StatusCode::UNAVAILABLE, "the operator is ending"});
    } else {
      look(*stream);
    }
    all_.insert(stream);
    return stream;
  }
  void look_at_all() {
    const std::scoped_lock lock(mutex_);
    for (ActivityStream* const stream : all_) look(*stream);
  }
  void close() {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    for (ActivityStream* const stream : all_)
      stream->end({StatusCode::UNAVAILABLE, "the operator is ending"});
  }

 private:
  friend class ActivityStream;

  // A job that is not there may come: whoever asks wrongly is told, whoever asks early waits.
  void look(ActivityStream& stream) {
    const auto active = answers_.active(stream.ref());
    if (active) return stream.tell(*active);
    if (active.error().code == Code::kInvalid) stream.end(to_grpc(active.error()));
  }

  const Answers& answers_;
  std::mutex mutex_;
  std::set<ActivityStream*> all_;
  bool closed_ = false;
};

void ActivityStream::OnWriteDone(bool sent) {
  const std::scoped_lock lock(streams_.mutex_);
  writing_ = false;
  if (!sent) end(grpc::Status::CANCELLED);
}

void ActivityStream::OnCancel() {
  const std::scoped_lock lock(streams_.mutex_);
  end(grpc::Status::CANCELLED);
}

void ActivityStream::OnDone() {
  {
    const std::scoped_lock lock(streams_.mutex_);
    streams_.all_.erase(this);
  }
  delete this;
}

class Service final : public proto::ExternalScaler::CallbackService {
 public:
  Service(const Answers& answers, Streams& streams) : answers_(answers), streams_(streams) {}

  grpc::ServerUnaryReactor* IsActive(grpc::CallbackServerContext* context,
                                     const proto::ScaledObjectRef* ref,
                                     proto::IsActiveResponse* response) override {
    const auto active = answers_.active(*ref);
    if (active) response->set_result(*active);
    return finish(context, active ? grpc::Status::OK : to_grpc(active.error()));
  }

  grpc::ServerWriteReactor<proto::IsActiveResponse>* StreamIsActive(
      grpc::CallbackServerContext*, const proto::ScaledObjectRef* ref) override {
    return streams_.add(*ref);
  }

  grpc::ServerUnaryReactor* GetMetricSpec(grpc::CallbackServerContext* context,
                                          const proto::ScaledObjectRef* ref,
                                          proto::GetMetricSpecResponse* response) override {
    const auto trigger = answers_.trigger(*ref);
    if (!trigger) return finish(context, to_grpc(trigger.error()));
    proto::MetricSpec& spec = *response->add_metricspecs();
    spec.set_metricname(name_of(trigger->metric));
    spec.set_targetsize(whole(trigger->target));
    spec.set_targetsizefloat(trigger->target);
    return finish(context, grpc::Status::OK);
  }

  grpc::ServerUnaryReactor* GetMetrics(grpc::CallbackServerContext* context,
                                       const proto::GetMetricsRequest* request,
                                       proto::GetMetricsResponse* response) override {
    const auto found = answers_.value(*request);
    if (!found) return finish(context, to_grpc(found.error()));
    const auto trigger = answers_.trigger(request->scaledobjectref());
    proto::MetricValue& value = *response->add_metricvalues();
    value.set_metricname(name_of(trigger->metric));
    value.set_metricvalue(whole(*found));
    value.set_metricvaluefloat(*found);
    return finish(context, grpc::Status::OK);
  }

 private:
  static grpc::ServerUnaryReactor* finish(grpc::CallbackServerContext* context,
                                          grpc::Status status) {
    auto* const reactor = context->DefaultReactor();
    reactor->Finish(std::move(status));
    return reactor;
  }
  // Never 0 for what is more: a target of 0 means nothing.
  static std::int64_t whole(double value) {
    return value > 0 && value < 1 ? 1 : static_cast<std::int64_t>(value);
  }

  const Answers& answers_;
  Streams& streams_;
};

}  // namespace

class ScalerServer::Impl {
 public:
  Impl(const k8s::ObjectStore& jobs, Clock& clock)
      : clock_(clock), answers_(jobs, clock), streams_(answers_), service_(answers_, streams_) {}

  Status listen(const ScalerOptions& options) {
    std::shared_ptr<grpc::ServerCredentials> credentials;
    if (!options.certificate.empty()) {
      grpc::SslServerCredentialsOptions tls(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
      tls.pem_key_cert_pairs.push_back({options.key, options.certificate});
      credentials = grpc::SslServerCredentials(tls);
    } else if (is_loopback(options.address)) {
      credentials = grpc::InsecureServerCredentials();
    } else {
      return Error{Code::kInvalid, "the scaler does not listen on " + options.address +
                                       " without a certificate; use a loopback address"};
    }
    grpc::ServerBuilder builder;
    builder.AddListeningPort(bracketed(options.address), credentials, &port_);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetMaxReceiveMessageSize(kMostBytes);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    if (!server_ || port_ == 0)
      return Error{Code::kUnavailable,
                   "cannot listen on " + options.address + ": is it in use by another process?"};
    looker_ = std::jthread([this](const std::stop_token& stop) {
      while (clock_.sleep(kLook, stop)) streams_.look_at_all();
    });
    return ok();
  }

  ~Impl() {
    looker_ = {};
    streams_.close();
    if (server_) server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
    if (server_) server_->Wait();
  }

  int port() const { return port_; }

 private:
  Clock& clock_;
  const Answers answers_;
  Streams streams_;
  Service service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::jthread looker_;
};

ScalerServer::ScalerServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ScalerServer::~ScalerServer() = default;
int ScalerServer::port() const { return impl_->port(); }

Result<std::unique_ptr<ScalerServer>> ScalerServer::start(const k8s::ObjectStore& jobs,
                                                          Clock& clock,
                                                          const ScalerOptions& options) {
  auto impl = std::make_unique<Impl>(jobs, clock);
  TRY(impl->listen(options));
  log::info("KEDA's external scaler is served",
            {{"address", options.address}, {"tls", options.certificate.empty() ? "no" : "yes"}});
  return std::unique_ptr<ScalerServer>(new ScalerServer(std::move(impl)));
}

}  // namespace penstock::keda
