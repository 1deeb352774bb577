#include "operator/cache/informer.h"

#include <algorithm>
#include <utility>

#include "runtime/base/log.h"
#include "runtime/base/overloaded.h"

namespace penstock::k8s {

Informer::Informer(const Reader& reader, const Resource& resource, Scope scope, ObjectStore& store,
                   Clock& clock, std::uint64_t seed, OnChange on_change)
    : reader_(reader),
      resource_(resource),
      scope_(std::move(scope)),
      store_(store),
      clock_(clock),
      random_(seed),
      on_change_(std::move(on_change)),
      state_{.streams = true},
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Informer::run(const std::stop_token& stop) {
  std::optional<WatchInput> input = Started{};
  while (input && !stop.stop_requested()) {
    WatchStep step = watch_step(std::move(state_), std::move(*input));
    state_ = std::move(step.state);
    input.reset();
    for (WatchAction& action : step.actions) input = act(std::move(action), stop);
  }
}

void Informer::apply(WatchAction& action) {
  const auto notify = [this](const std::optional<StoreChange>& change) {
    if (change) on_change_(*change);
  };
  if (auto* replace = std::get_if<ReplaceAll>(&action)) {
    for (const StoreChange& change : store_.replace(scope_.space, std::move(replace->objects))) {
      on_change_(change);
    }
  } else if (auto* put = std::get_if<Store>(&action)) {
    notify(store_.put(std::move(put->object)));
  } else if (const auto* drop = std::get_if<Drop>(&action)) {
    notify(store_.drop(drop->last));
  } else if (const auto* progress = std::get_if<Progress>(&action)) {
    store_.progress(scope_.space, progress->resource_version);
  }
}

std::optional<WatchInput> Informer::act(WatchAction action, const std::stop_token& stop) {
  const auto handle = Overloaded{
      [&](Wait& wait) -> std::optional<WatchInput> {
        const double share = 0.5 + random_.unit() / 2;
        const auto back_off = std::chrono::duration_cast<Duration>(wait.duration * share);
        clock_.sleep(std::max(back_off, wait.at_least), stop);
        return std::nullopt;
      },
      [&](List& list) -> std::optional<WatchInput> {
        if (stop.stop_requested()) return std::nullopt;
        auto page = reader_.list(resource_, {.space = scope_.space,
                                             .resource_version = list.resource_version,
                                             .limit = list.limit,
                                             .continue_token = list.continue_token,
                                             .label_selector = scope_.label_selector});
        if (auto* failure = std::get_if<Failure>(&page)) {
          log::warning("list failed",
                       {{"path", resource_.plural}, {"reason", failure->error.message}});
          return ListFailed{std::move(*failure)};
        }
        auto& got = std::get<ObjectList>(page);
        for (Object& object : got.items) object = store_.share(std::move(object));
        return Listed{std::move(got)};
      },
      [&](Watch& watch) { return follow(watch, stop); },
      [&](auto&) -> std::optional<WatchInput> {
        apply(action);
        return std::nullopt;
      },
  };
  return std::visit(handle, action);
}

std::optional<WatchInput> Informer::follow(const Watch& watch, const std::stop_token& outer) {
  // Ends at the owner's stop, and when watch_step() has had enough of this watch.
  std::stop_source source;
  std::stop_callback forward(outer, [&source] { source.request_stop(); });
  std::vector<WatchAction> next;  // what follows an EndWatch
  const Duration opened = clock_.monotonic();
  // Spread over a minute, so that not all watches of all operators end at once.
  const int seconds = 240 + static_cast<int>(random_.below(50));
  const auto on_frame = [&](WatchFrame frame) {
    if (!next.empty()) return;
    if (auto* changed = std::get_if<Changed>(&frame); changed && watch.initial) {
      changed->object = store_.share(std::move(changed->object));
    }
    WatchStep step = watch_step(std::move(state_), FrameCame{std::move(frame)});
    state_ = std::move(step.state);
    if (!step.actions.empty() && std::holds_alternative<EndWatch>(step.actions.front())) {
      next.assign(step.actions.begin() + 1, step.actions.end());
      source.request_stop();
      return;
    }
    for (WatchAction& action : step.actions) apply(action);
  };
  const auto end = reader_.watch(resource_,
                                 {.space = scope_.space,
                                  .resource_version = watch.resource_version,
                                  .initial = watch.initial,
                                  .timeout_seconds = seconds,
                                  .label_selector = scope_.label_selector},
                                 on_frame, source.get_token());
  if (outer.stop_requested()) return std::nullopt;
  std::optional<WatchInput> input;
  if (!next.empty()) {
    for (WatchAction& action : next) input = act(std::move(action), outer);
    return input;
  }
  WatchEnded ended{.lasted = clock_.monotonic() - opened};
  if (const auto* failure = std::get_if<Failure>(&end)) {
    ended.failure = *failure;
    log::warning("watch failed", {{"path", resource_.plural}, {"reason", failure->error.message}});
  }
  return ended;
}

}  // namespace penstock::k8s
