#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "runtime/base/clock.h"

namespace penstock {

struct Backoff {
  Duration initial = std::chrono::milliseconds(5);
  Duration max = std::chrono::seconds(1000);

  // initial x 2^failures, at most max.
  Duration after(std::uint32_t failures) const;
};

// The rules of the work queue as a value: no lock, no clock, no thread. `now` is monotonic time.
//   dirty      = wants a run; in `ready_` unless it is being processed
//   processing = taken and not yet done; added again meanwhile, it becomes ready when done
class QueueState {
 public:
  explicit QueueState(Backoff backoff) : backoff_(backoff) {}

  // Makes `key` ready, unless it is already. Returns false when that changed nothing.
  bool add(const std::string& key, Duration now);
  // Adds `key` at `due` or, when it already waits for an earlier moment, leaves that one.
  void add_at(const std::string& key, Duration due);
  // Adds `key` after its back-off, which doubles every time until forget().
  Duration add_after_failure(const std::string& key, Duration now);
  void forget(const std::string& key) { failures_.erase(key); }

  // Makes what is due by `now` ready.
  void advance(Duration now);
  std::optional<Duration> next_due() const;

  struct Taken {
    std::string key;
    Duration added{0};
  };
  // The longest ready key, now processing; nothing when none is ready.
  std::optional<Taken> take();
  // The key is no longer processing; it becomes ready again if it was added meanwhile.
  void done(const std::string& key, Duration now);

  std::size_t depth() const { return ready_.size(); }
  std::size_t waiting() const { return due_of_.size(); }
  std::size_t processing() const { return processing_.size(); }
  std::uint32_t failures(const std::string& key) const;

 private:
  Backoff backoff_;
  std::deque<Taken> ready_;
  std::set<std::string> dirty_, processing_;
  std::set<std::pair<Duration, std::string>> delayed_;
  std::unordered_map<std::string, Duration> due_of_;
  std::unordered_map<std::string, std::uint32_t> failures_;
};

}  // namespace penstock
