#include "runtime/control/server.h"

#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>

#include <stop_token>
#include <utility>

#include "runtime/base/guarded.h"
#include "runtime/base/log.h"
#include "runtime/control/fence.h"
#include "runtime/control/proto/control.grpc.pb.h"
#include "runtime/control/report_proto.h"
#include "runtime/control/tls_files.h"

namespace penstock {
namespace {

using grpc::StatusCode;

grpc::Status to_grpc(const Error& error) {
  switch (error.code) {
    case Code::kInvalid:
      return {StatusCode::INVALID_ARGUMENT, error.message};
    case Code::kConflict:
      return {StatusCode::FAILED_PRECONDITION, error.message};
    case Code::kNotFound:
      return {StatusCode::NOT_FOUND, error.message};
    case Code::kAlreadyExists:
      return {StatusCode::ALREADY_EXISTS, error.message};
    case Code::kUnavailable:
      return {StatusCode::UNAVAILABLE, error.message};
    case Code::kCancelled:
      return {StatusCode::CANCELLED, error.message};
    case Code::kCorrupt:
      return {StatusCode::DATA_LOSS, error.message};
    case Code::kInternal:
      break;
  }
  return {StatusCode::INTERNAL, error.message};
}

grpc::Status to_grpc(const Status& status) {
  return status ? grpc::Status::OK : to_grpc(status.error());
}

StopMode to_mode(v1::StopRequest::Mode mode) {
  if (mode == v1::StopRequest::DRAIN) return StopMode::kDrain;
  if (mode == v1::StopRequest::SAVEPOINT) return StopMode::kSavepoint;
  return StopMode::kNow;
}

// Synchronous: a job has one operator and now and then a person, so a few threads.
class ControlService final : public v1::Control::Service {
 public:
  ControlService(Job& job, Clock& clock) : job_(job), clock_(clock) {}

  void end_watches() { stop_.request_stop(); }

  grpc::Status Watch(grpc::ServerContext* context, const v1::WatchRequest* request,
                     grpc::ServerWriter<v1::JobReport>* writer) override {
    const Duration period =
        std::chrono::milliseconds(request->period_millis() == 0 ? 1000 : request->period_millis());
    while (!context->IsCancelled()) {
      // A last report goes out after the stop, so that the operator hears how the job ended.
      const bool last = stop_.stop_requested();
      const JobReport report = this->report();
      if (!request->uid().empty() && request->uid() != report.uid) {
        return {StatusCode::FAILED_PRECONDITION, "this is another job: " + report.uid};
      }
      v1::JobReport message;
      to_proto(report, message);
      if (!writer->Write(message) || report.ending || last) break;
      clock_.sleep(period, stop_.get_token());
    }
    return grpc::Status::OK;
  }

  grpc::Status Rescale(grpc::ServerContext*, const v1::RescaleRequest* request,
                       v1::RescaleReply*) override {
    return ordered(request->fence(), [&] {
      return job_.rescale(Parallelism{request->parallelism()}, request->reason());
    });
  }

  grpc::Status Checkpoint(grpc::ServerContext*, const v1::CheckpointRequest* request,
                          v1::CheckpointReply* reply) override {
    return ordered(request->fence(), [&]() -> Status {
      TRY_ASSIGN(const CheckpointId id, job_.checkpoint());
      fill(*reply, id);
      return ok();
    });
  }

  grpc::Status Savepoint(grpc::ServerContext*, const v1::SavepointRequest* request,
                         v1::CheckpointReply* reply) override {
    return ordered(request->fence(), [&]() -> Status {
      TRY_ASSIGN(const CheckpointId id, job_.savepoint(request->uri()));
      fill(*reply, id);
      return ok();
    });
  }

  grpc::Status Dispose(grpc::ServerContext*, const v1::DisposeRequest* request,
                       v1::DisposeReply*) override {
    return ordered(request->fence(), [&] { return job_.dispose(request->uri()); });
  }

  grpc::Status Stop(grpc::ServerContext*, const v1::StopRequest* request, v1::StopReply*) override {
    return ordered(request->fence(),
                   [&] { return job_.stop(to_mode(request->mode()), request->savepoint_uri()); });
  }

  grpc::Status Configure(grpc::ServerContext*, const v1::ConfigureRequest* request,
                         v1::ConfigureReply*) override {
    return ordered(request->fence(), [&]() -> Status {
      TRY_ASSIGN(const log::Level level, log::parse_level(request->log_level()));
      log::set_level(level);
      return ok();
    });
  }

  grpc::Status HandOver(grpc::ServerContext*, const v1::HandOverRequest* request,
                        v1::HandOverReply* reply) override {
    return ordered(request->fence(), [&]() -> Status {
      TRY_ASSIGN(const CheckpointId id, job_.hand_over());
      reply->set_checkpoint(id.value);
      return ok();
    });
  }

  grpc::Status TakeOver(grpc::ServerContext*, const v1::TakeOverRequest* request,
                        v1::TakeOverReply*) override {
    return ordered(request->fence(), [&] { return job_.take_over(request->now()); });
  }

 private:
  void fill(v1::CheckpointReply& reply, CheckpointId id) {
    reply.set_id(id.value);
    reply.set_state_bytes(job_.report().checkpoints.last_bytes);
  }

  JobReport report() {
    JobReport report = job_.report();
    gate_.with([&](const FenceGate& gate) {
      report.generation = gate.generation();
      report.decision = gate.decision();
    });
    return report;
  }

  template <typename Order>
  grpc::Status ordered(const v1::Fence& fence, Order&& order) {
    const std::string uid = job_.report().uid;
    const Status taken = gate_.with([&](FenceGate& gate) {
      return gate.take({fence.uid(), fence.generation(), fence.decision()}, uid);
    });
    return taken ? to_grpc(order()) : to_grpc(taken);
  }

  Job& job_;
  Clock& clock_;
  std::stop_source stop_;
  Guarded<FenceGate> gate_;
};

Result<std::shared_ptr<grpc::ServerCredentials>> credentials_of(const ControlOptions& options) {
  if (options.certificates.empty()) {
    if (is_local_address(options.address)) return grpc::InsecureServerCredentials();
    return Error{Code::kInvalid, "it does not listen on " + options.address +
                                     " without TLS; give --control-certificates, or use a loopback "
                                     "address or a unix socket"};
  }
  TRY_ASSIGN(const TlsFiles files, read_tls_files(options.certificates));
  grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  tls.pem_root_certs = files.authority;
  tls.pem_key_cert_pairs.push_back({files.key, files.certificate});
  return grpc::SslServerCredentials(tls);
}

}  // namespace

bool is_local_address(const std::string& address) {
  return address.starts_with("unix:") || address.starts_with("127.") ||
         address.starts_with("[::1]:") || address.starts_with("localhost:");
}

class ControlServer::Impl {
 public:
  Impl(Job& job, Clock& clock) : service_(job, clock) {}

  Status listen(const ControlOptions& options) {
    // What matters comes back as an error; else an address in use is a page of gRPC's own on
    // stderr.
    gpr_set_log_function([](gpr_log_func_args* line) {
      log::debug("grpc", {{"reason", std::string_view(line->message)}});
    });
    TRY_ASSIGN(const auto credentials, credentials_of(options));
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(options.address, credentials, &port);
    // A second process on the same port must fail, not share it.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::NUM_CQS, 1);
    builder.SetMaxReceiveMessageSize(1 << 20);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    if (!server_ || (port == 0 && !options.address.starts_with("unix:"))) {
      return Error{Code::kUnavailable,
                   "cannot listen on " + options.address +
                       ": is it in use by another process? choose another port"};
    }
    address_ = options.address;
    if (!options.address.starts_with("unix:")) {
      address_.replace(address_.rfind(':') + 1, std::string::npos, std::to_string(port));
    }
    return ok();
  }

  ~Impl() {
    service_.end_watches();
    if (server_) server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  }

  const std::string& address() const { return address_; }

 private:
  ControlService service_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

ControlServer::ControlServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ControlServer::~ControlServer() = default;
const std::string& ControlServer::address() const { return impl_->address(); }

Result<std::unique_ptr<ControlServer>> ControlServer::start(Job& job, Clock& clock,
                                                            const ControlOptions& options) {
  auto impl = std::make_unique<Impl>(job, clock);
  TRY(impl->listen(options));
  return std::unique_ptr<ControlServer>(new ControlServer(std::move(impl)));
}

}  // namespace penstock
