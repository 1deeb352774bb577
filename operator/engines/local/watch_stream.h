#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <string>

#include "operator/engines/local/calls_under_way.h"

namespace penstock {

// Whoever follows a process; called on threads of gRPC. `key` and `stream` as given to the stream.
class WatchListener {
 public:
  virtual ~WatchListener() = default;
  virtual void reported(const std::string& key, std::uint64_t stream,
                        const v1::JobReport& message) = 0;
  virtual void ended(const std::string& key, std::uint64_t stream, const grpc::Status& status) = 0;
};

// One Watch stream. Made with new; deletes itself when gRPC is done with it, which is some time
// after start(). Only for .cpp files.
class WatchStream final : public grpc::ClientReadReactor<v1::JobReport> {
 public:
  // `listener` and `under_way` live until it has left.
  WatchStream(WatchListener& listener, CallsUnderWay& under_way, std::string key,
              std::uint64_t stream, std::shared_ptr<v1::Control::Stub> stub,
              std::shared_ptr<grpc::ClientContext> context);
  // `uid` of the job. gRPC may call back at once, in this thread.
  void start(const std::string& uid, std::uint32_t period_millis);

  void OnReadDone(bool more) override;
  void OnDone(const grpc::Status& status) override;

 private:
  WatchListener& listener_;
  CallsUnderWay& under_way_;
  const std::string key_;
  const std::uint64_t stream_;
  std::shared_ptr<v1::Control::Stub> stub_;
  std::shared_ptr<grpc::ClientContext> context_;
  v1::WatchRequest request_;
  v1::JobReport report_;
};

}  // namespace penstock
