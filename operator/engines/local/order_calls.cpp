#include "operator/engines/local/order_calls.h"

#include <grpcpp/grpcpp.h>

#include <type_traits>
#include <utility>

#include "runtime/base/overloaded.h"

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

// One unary call with its messages, alive until its callback has run.
template <typename Request, typename Reply>
struct Call {
  std::shared_ptr<v1::Control::Stub> stub;
  std::shared_ptr<grpc::ClientContext> context = std::make_shared<grpc::ClientContext>();
  Request request;
  Reply reply;
};

template <typename Reply>
OrderOutcome outcome_of(const grpc::Status& status, const Reply& reply) {
  OrderOutcome outcome{.state = OrderOutcome::State::kDone};
  if constexpr (std::is_same_v<Reply, v1::CheckpointReply>) {
    outcome.checkpoint = {reply.id()};
    outcome.state_bytes = reply.state_bytes();
  }
  if constexpr (std::is_same_v<Reply, v1::HandOverReply>) outcome.checkpoint = {reply.checkpoint()};
  if (status.ok()) return outcome;
  outcome.state = OrderOutcome::State::kFailed;
  outcome.error = from_grpc(status);
  return outcome;
}

}  // namespace

void OrderCalls::add_contexts(std::vector<std::shared_ptr<grpc::ClientContext>>& to) {
  contexts_.with([&](const auto& contexts) {
    for (const auto& context : contexts)
      if (auto alive = context.lock()) to.push_back(std::move(alive));
  });
}

template <typename Request, typename Reply, typename Fill, typename Method>
void OrderCalls::start(const Addressee& to, const EngineOrder& order, const Done& done, Fill&& fill,
                       Method method) {
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
  under_way_.enter();
  method(*to.stub->async(), call->context.get(), &call->request, &call->reply,
         [this, call, done](const grpc::Status& status) {
           done(outcome_of(status, call->reply));
           under_way_.bury(std::move(call->stub), std::move(call->context));
           under_way_.leave();
         });
}

void OrderCalls::send(const Addressee& to, const EngineOrder& order, Done done) {
  const auto handle = Overloaded{
      [&](const EngineOrder::Rescale& rescale) {
        start<v1::RescaleRequest, v1::RescaleReply>(
            to, order, done,
            [&](v1::RescaleRequest& request) {
              request.set_parallelism(rescale.parallelism);
              request.set_reason(rescale.reason);
            },
            [](auto& async, const auto&... args) { async.Rescale(args...); });
      },
      [&](const EngineOrder::Checkpoint&) {
        start<v1::CheckpointRequest, v1::CheckpointReply>(
            to, order, done, [](v1::CheckpointRequest&) {},
            [](auto& async, const auto&... args) { async.Checkpoint(args...); });
      },
      [&](const EngineOrder::Savepoint& savepoint) {
        start<v1::SavepointRequest, v1::CheckpointReply>(
            to, order, done, [&](v1::SavepointRequest& request) { request.set_uri(savepoint.uri); },
            [](auto& async, const auto&... args) { async.Savepoint(args...); });
      },
      [&](const EngineOrder::Dispose& dispose) {
        start<v1::DisposeRequest, v1::DisposeReply>(
            to, order, done, [&](v1::DisposeRequest& request) { request.set_uri(dispose.uri); },
            [](auto& async, const auto&... args) { async.Dispose(args...); });
      },
      [&](const EngineOrder::Stop& stop) {
        start<v1::StopRequest, v1::StopReply>(
            to, order, done,
            [&](v1::StopRequest& request) {
              using Mode = EngineOrder::Stop::Mode;
              request.set_mode(stop.mode == Mode::kNow     ? v1::StopRequest::NOW
                               : stop.mode == Mode::kDrain ? v1::StopRequest::DRAIN
                                                           : v1::StopRequest::SAVEPOINT);
              request.set_savepoint_uri(stop.savepoint_uri);
            },
            [](auto& async, const auto&... args) { async.Stop(args...); });
      },
      [&](const EngineOrder::Configure& configure) {
        start<v1::ConfigureRequest, v1::ConfigureReply>(
            to, order, done,
            [&](v1::ConfigureRequest& request) { request.set_log_level(configure.log_level); },
            [](auto& async, const auto&... args) { async.Configure(args...); });
      },
      [&](const EngineOrder::HandOver&) {
        start<v1::HandOverRequest, v1::HandOverReply>(
            to, order, done, [](v1::HandOverRequest&) {},
            [](auto& async, const auto&... args) { async.HandOver(args...); });
      },
      [&](const EngineOrder::TakeOver& take_over) {
        start<v1::TakeOverRequest, v1::TakeOverReply>(
            to, order, done, [&](v1::TakeOverRequest& request) { request.set_now(take_over.now); },
            [](auto& async, const auto&... args) { async.TakeOver(args...); });
      },
  };
  std::visit(handle, order.what);
}

}  // namespace penstock
