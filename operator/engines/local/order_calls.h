#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "operator/engines/engine_client.h"
#include "operator/engines/local/calls_under_way.h"

namespace penstock {

// Sends orders to engines: a call each, alive until its answer has come. Any thread; no lock is
// held while gRPC is called. Only for .cpp files.
class OrderCalls {
 public:
  // `under_way` outlives it.
  explicit OrderCalls(CallsUnderWay& under_way) : under_way_(under_way) {}

  struct Addressee {
    std::string uid;  // of the job
    std::shared_ptr<v1::Control::Stub> stub;
  };
  // On a thread of gRPC, or at once in the caller's.
  using Done = std::function<void(const OrderOutcome& outcome)>;
  void send(const Addressee& to, const EngineOrder& order, Done done);

  // Of the calls under way, to be cancelled.
  void add_contexts(std::vector<std::shared_ptr<grpc::ClientContext>>& to);

 private:
  template <typename Request, typename Reply, typename Fill, typename Method>
  void start(const Addressee& to, const EngineOrder& order, const Done& done, Fill&& fill,
             Method method);

  CallsUnderWay& under_way_;
  Guarded<std::vector<std::weak_ptr<grpc::ClientContext>>> contexts_;
};

}  // namespace penstock
