#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "operator/k8s/api_failure.h"
#include "operator/k8s/object.h"
#include "operator/k8s/watch_frame.h"
#include "runtime/base/clock.h"

namespace penstock::k8s {

// How a cache follows one kind in one namespace, as a pure function: list, then watch from the
// list's version, and what to do when either fails. No I/O, no clock, no randomness.
//
//   start ──> list (consistent, paged) ──> watch ──ended──> watch from the last version
//     │            ▲                          │
//     │            └── expired, odd failure ──┘   connection trouble: watch again, no list
//     └─> stream: a watch that brings what is there first and goes on as the watch, in place of
//         each list; from the first refusal on, lists
struct WatchState {
  enum class Phase { kListing, kStreaming, kWatching } phase = Phase::kListing;
  std::string resource_version;  // of the newest thing seen; never goes back
  std::vector<Object> listed;    // pages so far, or what the stream brought
  std::string continue_token;
  bool streams = false;    // whether the server may offer streams
  bool consistent = true;  // the next list asks for the newest, not for "not older than"
  bool paged = true;
  std::uint32_t failures = 0;  // in a row
  std::uint64_t frames = 0;    // in this watch
};

// What happened.
struct Started {};
struct Listed {
  ObjectList page;
};
struct ListFailed {
  Failure failure;
};
struct FrameCame {
  WatchFrame frame;
};
// `failure` absent: the server ended the watch. `lasted`: since it was opened.
struct WatchEnded {
  std::optional<Failure> failure;
  Duration lasted{0};
};
using WatchInput = std::variant<Started, Listed, ListFailed, FrameCame, WatchEnded>;

// What to do, in this order.
struct ReplaceAll {  // the whole set; what is missing was deleted, final state unknown
  std::vector<Object> objects;
};
struct Store {
  Object object;
};
struct Drop {
  Object last;
};
struct Progress {  // everything up to this version has been seen
  std::string resource_version;
};
struct Wait {  // for a moment between half and all of `duration`, and not less than `at_least`
  Duration duration{0};
  Duration at_least{0};
};
struct List {
  std::string resource_version;
  std::string continue_token;
  int limit = 0;
};
struct Watch {
  std::string resource_version;
  bool initial = false;  // a stream
};
struct EndWatch {};  // leave the watch; its end is not reported
using WatchAction = std::variant<ReplaceAll, Store, Drop, Progress, Wait, List, Watch, EndWatch>;

struct WatchStep {
  WatchState state;
  std::vector<WatchAction> actions;
};

WatchStep watch_step(WatchState state, WatchInput input);

}  // namespace penstock::k8s
