#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "runtime/base/guarded.h"
#include "runtime/control/proto/control.grpc.pb.h"

namespace penstock {

// What is in flight on gRPC's threads, so that its owner can wait for the last of it. Any thread.
// Only for .cpp files: it brings all of gRPC along.
class CallsUnderWay {
 public:
  void enter() {
    std::scoped_lock lock(mutex_);
    ++count_;
  }
  // The very last thing that a stream or a call does.
  void leave() {
    std::scoped_lock lock(mutex_);
    if (--count_ == 0) none_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [&] { return count_ == 0; });
  }

  // Whoever destroys the last channel on a thread of gRPC destroys that thread's own queue: stubs
  // and contexts, which hold channels, end on the thread that calls clear_buried().
  void bury(std::shared_ptr<v1::Control::Stub> stub, std::shared_ptr<grpc::ClientContext> context) {
    buried_.with([&](auto& buried) { buried.emplace_back(std::move(stub), std::move(context)); });
  }
  void clear_buried() {
    static_cast<void>(buried_.with([](auto& buried) { return std::exchange(buried, {}); }));
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  int count_ = 0;
  Guarded<std::vector<
      std::pair<std::shared_ptr<v1::Control::Stub>, std::shared_ptr<grpc::ClientContext>>>>
      buried_;
};

}  // namespace penstock
