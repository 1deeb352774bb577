#include "operator/engines/local/watch_stream.h"

#include <utility>

namespace penstock {

WatchStream::WatchStream(WatchListener& listener, CallsUnderWay& under_way, std::string key,
                         std::uint64_t stream, std::shared_ptr<v1::Control::Stub> stub,
                         std::shared_ptr<grpc::ClientContext> context)
    : listener_(listener),
      under_way_(under_way),
      key_(std::move(key)),
      stream_(stream),
      stub_(std::move(stub)),
      context_(std::move(context)) {
  under_way_.enter();
}

void WatchStream::start(const std::string& uid, std::uint32_t period_millis) {
  request_.set_uid(uid);
  request_.set_period_millis(period_millis);
  stub_->async()->Watch(context_.get(), &request_, this);
  StartRead(&report_);
  StartCall();
}

void WatchStream::OnReadDone(bool more) {
  if (!more) return;
  listener_.reported(key_, stream_, report_);
  StartRead(&report_);
}

void WatchStream::OnDone(const grpc::Status& status) {
  CallsUnderWay& under_way = under_way_;
  listener_.ended(key_, stream_, status);
  under_way.bury(std::move(stub_), std::move(context_));
  delete this;
  under_way.leave();
}

}  // namespace penstock
