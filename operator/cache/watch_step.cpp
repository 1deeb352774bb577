#include "operator/cache/watch_step.h"

#include <algorithm>
#include <utility>

#include "runtime/base/overloaded.h"

namespace penstock::k8s {
namespace {

using namespace std::chrono_literals;

constexpr int kPage = 500;
constexpr Duration kFirstWait = 800ms;
constexpr Duration kLongestWait = 30s;
// A watch that ends sooner than this and brought nothing is a failure.
constexpr Duration kShortestWatch = 1s;

Duration wait_after(std::uint32_t failures) {
  Duration wait = kFirstWait;
  for (std::uint32_t i = 1; i < failures && wait < kLongestWait; ++i) wait *= 2;
  return std::min(wait, kLongestWait);
}

void see(WatchState& state, const std::string& version) {
  if (version_at_least(version, state.resource_version)) state.resource_version = version;
}

// When to go on: at once, after the back-off, and never before the server wants to be asked again.
struct Pause {
  bool back_off = false;
  Duration at_least{0};
};

void wait(WatchStep& step, const Pause& pause) {
  if (!pause.back_off && pause.at_least == Duration{0}) return;
  const Duration back_off = pause.back_off ? wait_after(step.state.failures) : Duration{0};
  step.actions.emplace_back(Wait{back_off, pause.at_least});
}

// Lists from the first page.
WatchStep list_anew(WatchState state, bool consistent, const Pause& pause) {
  state.phase = WatchState::Phase::kListing;
  state.listed.clear();
  state.continue_token.clear();
  state.consistent = consistent;
  // "Not older than" is answered from the server's cache, which ignores a limit.
  state.paged = consistent && state.paged;
  WatchStep step{std::move(state), {}};
  wait(step, pause);
  step.actions.emplace_back(List{
      consistent ? std::string() : step.state.resource_version, {}, step.state.paged ? kPage : 0});
  return step;
}

// Everything anew, as the server offers it.
WatchStep begin_anew(WatchState state, bool consistent, const Pause& pause) {
  if (!state.streams) return list_anew(std::move(state), consistent, pause);
  state.phase = WatchState::Phase::kStreaming;
  state.listed.clear();
  state.frames = 0;
  WatchStep step{std::move(state), {}};
  wait(step, pause);
  step.actions.emplace_back(Watch{consistent ? std::string() : step.state.resource_version, true});
  return step;
}

WatchStep watch_on(WatchState state, const Pause& pause) {
  state.phase = WatchState::Phase::kWatching;
  state.frames = 0;
  WatchStep step{std::move(state), {}};
  wait(step, pause);
  step.actions.emplace_back(Watch{step.state.resource_version});
  return step;
}

WatchStep on_listed(WatchState state, Listed input) {
  for (Object& object : input.page.items) state.listed.push_back(std::move(object));
  state.continue_token = input.page.continue_token;
  if (!state.continue_token.empty()) {
    WatchStep step{std::move(state), {}};
    step.actions.emplace_back(List{{}, step.state.continue_token, kPage});
    return step;
  }
  state.failures = 0;
  state.paged = true;
  // A list is the truth even when its version is lower: the server was restored from a backup.
  state.resource_version = input.page.resource_version;
  std::vector<Object> all = std::exchange(state.listed, {});
  WatchStep step = watch_on(std::move(state), {});
  const std::string version = step.state.resource_version;
  step.actions.insert(step.actions.begin(), {ReplaceAll{std::move(all)}, Progress{version}});
  return step;
}

WatchStep on_list_failed(WatchState state, const ListFailed& input) {
  ++state.failures;
  const bool expired = input.failure.kind == Failure::Kind::kExpired;
  // A page's token expired: everything at once. A version not reached: the newest there is.
  const bool page_expired = expired && !state.continue_token.empty();
  if (page_expired) state.paged = false;
  const bool consistent = state.consistent || expired;
  return list_anew(std::move(state), consistent, {!page_expired, input.failure.retry_after});
}

// Of a stream, before its end is reached: nothing of it is shown yet.
WatchStep gather(WatchState state, FrameCame input) {
  if (auto* changed = std::get_if<Changed>(&input.frame)) {
    const auto same = [&](const Object& one) { return one.key() == changed->object.key(); };
    if (changed->kind != Changed::Kind::kAdded) std::erase_if(state.listed, same);
    if (changed->kind != Changed::Kind::kDeleted)
      state.listed.push_back(std::move(changed->object));
    return {std::move(state), {}};
  }
  const Bookmark& bookmark = std::get<Bookmark>(input.frame);
  if (!bookmark.initial_end) return {std::move(state), {}};
  state.phase = WatchState::Phase::kWatching;
  state.failures = 0;
  // As with a list: the truth even when its version is lower.
  state.resource_version = bookmark.resource_version;
  std::vector<Object> all = std::exchange(state.listed, {});
  WatchStep step{std::move(state), {}};
  step.actions.emplace_back(ReplaceAll{std::move(all)});
  step.actions.emplace_back(Progress{step.state.resource_version});
  return step;
}

WatchStep on_frame(WatchState state, FrameCame input) {
  ++state.frames;
  const bool failed = std::holds_alternative<Failure>(input.frame);
  if (state.phase == WatchState::Phase::kStreaming && !failed)
    return gather(std::move(state), std::move(input));
  const auto handle = Overloaded{
      [&](Changed& changed) {
        see(state, changed.object.resource_version());
        const std::string version = state.resource_version;
        WatchStep step{std::move(state), {}};
        if (changed.kind == Changed::Kind::kDeleted) {
          step.actions.emplace_back(Drop{std::move(changed.object)});
        } else {
          step.actions.emplace_back(Store{std::move(changed.object)});
        }
        step.actions.emplace_back(Progress{version});
        return step;
      },
      [&](Bookmark& bookmark) {
        see(state, bookmark.resource_version);
        WatchStep step{std::move(state), {}};
        step.actions.emplace_back(Progress{step.state.resource_version});
        return step;
      },
      [&](Failure& failure) {
        WatchStep step =
            watch_step(std::move(state), WatchEnded{std::move(failure), kShortestWatch});
        step.actions.insert(step.actions.begin(), EndWatch{});
        return step;
      },
  };
  return std::visit(handle, input.frame);
}

// A stream that ended before all of it was there.
WatchStep on_stream_ended(WatchState state, const WatchEnded& input) {
  // Without the end of what is there a server does not know streams; kInvalid says that it does not
  // offer them.
  if (!input.failure || input.failure->error.code == Code::kInvalid) {
    state.streams = false;
    return list_anew(std::move(state), true, {});
  }
  ++state.failures;
  return begin_anew(std::move(state), true, {true, input.failure->retry_after});
}

WatchStep on_watch_ended(WatchState state, const WatchEnded& input) {
  if (state.phase == WatchState::Phase::kStreaming) return on_stream_ended(std::move(state), input);
  if (state.frames > 0 || (!input.failure && input.lasted >= kShortestWatch)) state.failures = 0;
  if (!input.failure) {
    const bool healthy = state.frames > 0 || input.lasted >= kShortestWatch;
    if (!healthy) ++state.failures;
    return watch_on(std::move(state), {!healthy});
  }
  ++state.failures;
  const Duration at_least = input.failure->retry_after;
  switch (input.failure->kind) {
    case Failure::Kind::kExpired: {
      const bool again = state.failures > 1;
      return begin_anew(std::move(state), true, {again, at_least});
    }
    case Failure::Kind::kUnreachable:
    case Failure::Kind::kThrottled:
    case Failure::Kind::kServer:
    case Failure::Kind::kCancelled:
      return watch_on(std::move(state), {true, at_least});
    case Failure::Kind::kRefused:
      return begin_anew(std::move(state), false, {true, at_least});
  }
  return begin_anew(std::move(state), true, {true, at_least});
}

}  // namespace

WatchStep watch_step(WatchState state, WatchInput input) {
  const auto handle = Overloaded{
      [&](Started&) { return begin_anew(std::move(state), true, {}); },
      [&](Listed& listed) { return on_listed(std::move(state), std::move(listed)); },
      [&](ListFailed& failed) { return on_list_failed(std::move(state), failed); },
      [&](FrameCame& came) { return on_frame(std::move(state), std::move(came)); },
      [&](WatchEnded& ended) { return on_watch_ended(std::move(state), ended); },
  };
  return std::visit(handle, input);
}

}  // namespace penstock::k8s
