#pragma once

#include <functional>
#include <string>
#include <thread>

#include "operator/cache/store.h"
#include "operator/cache/watch_step.h"
#include "operator/k8s/reader.h"
#include "runtime/base/clock.h"
#include "runtime/base/random.h"

namespace penstock::k8s {

// Which part of a kind an informer follows; empty: all of it.
struct Scope {
  std::string space;
  std::string label_selector;
};

// Keeps a store equal to one kind in one scope. Acts out what watch_step()
// decides, in a thread of its own, from construction to destruction; the first list is the only one
// unless the server forgets the history.
class Informer {
 public:
  // Called in the informer's thread, in order, after the store has changed; must not block.
  using OnChange = std::function<void(const StoreChange&)>;

  Informer(const Reader& reader, const Resource& resource, Scope scope, ObjectStore& store,
           Clock& clock, std::uint64_t seed, OnChange on_change);

 private:
  void run(const std::stop_token& stop);
  // Acts; returns what happened by it, if anything that watch_step() has to hear of.
  std::optional<WatchInput> act(WatchAction action, const std::stop_token& stop);
  std::optional<WatchInput> follow(const Watch& watch, const std::stop_token& stop);
  void apply(WatchAction& action);

  const Reader& reader_;
  const Resource& resource_;
  const Scope scope_;
  ObjectStore& store_;
  Clock& clock_;
  Random random_;
  const OnChange on_change_;
  WatchState state_;
  std::jthread thread_;
};

}  // namespace penstock::k8s
