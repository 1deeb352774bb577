#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::faults {

// What goes wrong. Those up to kTakenOver happen at one request of the operator, the others begin
// at one step (a second of the scene) and last for some.
enum class FaultKind {
  kCrashBefore,    // the operator dies instead of sending the request
  kCrashAfter,     // it dies once the request has had its effect
  kAnswerLost,     // the effect is there, the answer is not: a time-out
  kReset,          // neither is
  kConflict,       // 409
  kGone,           // 410
  kInvalid,        // 422
  kThrottled,      // 429
  kServerError,    // 500
  kUnavailable,    // 503
  kTakenOver,      // another operator leads and acts; then the request arrives after all
  kTakenOverLate,  // the same, and the other one's caches are behind
  kFrozenCaches,   // nothing new is seen
  kLateKind,       // nothing new of one kind is seen: events of kinds are out of order
  kLostEvents,     // every other event is never delivered; a list makes up for it in the end
  kTwiceEvents,    // every event comes twice
  kClockForward,   // the operator's wall clock is an hour ahead
  kClockBack,      // and an hour behind
  kEngineSilent,   // no engine answers
  kEngineLate,     // engines report what was true some seconds ago
  kEngineRefuses,  // orders fail
  kEngineMute,     // orders are carried out, and the answer is lost
  kEngineIdle,     // orders are acknowledged and not carried out
  kEngineForgets,  // reported counters are lower than before
  kEngineOther,    // reports are of another job
};
constexpr auto names_of(FaultKind) {
  return std::array<std::string_view, 25>{
      "CrashBefore",   "CrashAfter",    "AnswerLost",   "Reset",         "Conflict",
      "Gone",          "Invalid",       "Throttled",    "ServerError",   "Unavailable",
      "TakenOver",     "TakenOverLate", "FrozenCaches", "LateKind",      "LostEvents",
      "TwiceEvents",   "ClockForward",  "ClockBack",    "EngineSilent",  "EngineLate",
      "EngineRefuses", "EngineMute",    "EngineIdle",   "EngineForgets", "EngineOther"};
}
inline constexpr std::size_t kFaultKinds = names_of(FaultKind{}).size();
constexpr std::string_view name_of(FaultKind kind) {
  return names_of(kind)[static_cast<std::size_t>(kind)];
}
// Whether `Fault::at` counts requests; steps otherwise.
constexpr bool at_a_request(FaultKind kind) { return kind <= FaultKind::kTakenOverLate; }

struct Fault {
  FaultKind kind = FaultKind::kCrashBefore;
  int at = 0;             // the number of the request or of the step, from 0
  int steps = 1;          // how long; for a request: how many in a row
  std::size_t which = 0;  // kLateKind: the kind
};

inline std::string to_string(const Fault& fault) {
  return std::string(name_of(fault.kind)) + " at " +
         (at_a_request(fault.kind) ? "request " : "step ") + std::to_string(fault.at) + " for " +
         std::to_string(fault.steps);
}

}  // namespace penstock::faults
