#pragma once

#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "operator/apiserver/json.h"
#include "operator/apiserver/kinds.h"
#include "operator/apiserver/selectors.h"
#include "operator/apiserver/store.h"
#include "operator/apiserver/table.h"
#include "runtime/base/clock.h"
#include "runtime/http/server.h"

namespace penstock::apiserver {

struct WatchRequest {
  const KindDefinition* kind = nullptr;
  std::optional<std::string> name_space;
  Selector selector;
  std::optional<Revision> from;  // absent or 0: from now on
  bool initial = true;           // the present state first, whatever `from` says
  bool initial_end = false;      // a bookmark tells when that is all told
  bool bookmarks = false;
  Form form = Form::kObject;
  IncludeObject include = IncludeObject::kMetadata;
  Duration timeout = std::chrono::minutes(30);
};

// What a watcher with this selector is told about a change; nothing when it does not concern it. An
// object that begins to match is ADDED, one that stops is DELETED as it was, with the new revision.
struct WatchEvent {
  std::string type;
  Json object;
};
std::optional<WatchEvent> watch_event(const Change& change, const Selector& selector,
                                      const std::optional<std::string>& name_space);

// The frames of one watch, one JSON line each. Woken by the store; asks for nothing in between.
class WatchSource final : public http::BodySource {
 public:
  WatchSource(const Store& store, Clock& clock, WatchRequest request);
  void subscribe(Store& store, const http::Waker& waker);
  http::Chunk next() override;

 private:
  void add_frame(const std::string& type, const Json& object);
  void add_initial(const Listing& listing);
  void add_bookmark(bool initial_end);
  bool add_changes();
  void add_expired();

  const Store& store_;
  Clock& clock_;
  const WatchRequest request_;
  const Duration deadline_;
  Revision cursor_ = 0;
  Revision bookmarked_ = 0;
  bool headed_ = false;  // the first table frame has carried the columns
  bool ended_ = false;
  std::string pending_;
  Store::Subscription subscription_;
};

}  // namespace penstock::apiserver
