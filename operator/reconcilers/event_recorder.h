#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "operator/k8s/object.h"
#include "operator/k8s/writer.h"
#include "runtime/base/clock.h"

namespace penstock {

// What an Event is about and says.
struct EventText {
  bool warning = false;
  std::string reason;  // CamelCase; the same as in the condition and in the log
  std::string action;  // what the operator was doing: "Reconcile", "Scale", "Snapshot"
  std::string note;
};

// Writes events.k8s.io/v1 Events behind the scenes: recording never blocks and never fails; when
// the API server cannot keep up, the newest are dropped and counted. The same text about the same
// object again becomes a series of one Event: its count is written at the first repetition and then
// at most every six minutes. Any thread.
class EventRecorder {
 public:
  EventRecorder(const k8s::Writer& writer, Clock& clock, std::string instance);

  void record(const k8s::Resource& resource, const k8s::Object& regarding, EventText text);
  // Waits until everything recorded so far has been sent or dropped.
  void flush();

 private:
  struct Pending {
    std::string space, name, kind, object_name, uid, api_version;
    EventText text;
  };
  struct Series {
    std::int64_t count = 1;
    Duration written{0};
  };

  void run(const std::stop_token& stop);
  void send(const Pending& pending);
  Status create(const Pending& pending);
  Status count(const Pending& pending, std::int64_t seen);

  const k8s::Writer& writer_;
  Clock& clock_;
  const std::string instance_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Pending> queue_;
  bool sending_ = false;
  std::uint64_t dropped_ = 0;
  std::map<std::string, Series> series_;  // by namespace/name; only the sender's thread
  std::jthread thread_;
};

}  // namespace penstock
