#include "operator/apiserver/watch.h"

#include <nlohmann/json.hpp>

#include "operator/apiserver/builtin_rules.h"
#include "operator/apiserver/json_path.h"

namespace penstock::apiserver {

namespace {

constexpr std::size_t kBatch = 128;
constexpr Duration kBookmarkLead = std::chrono::seconds(1);

const char* type_of(Change::Type type) {
  switch (type) {
    case Change::Type::kAdded:
      return "ADDED";
    case Change::Type::kModified:
      return "MODIFIED";
    case Change::Type::kDeleted:
      return "DELETED";
  }
  return "";
}

}  // namespace

std::optional<WatchEvent> watch_event(const Change& change, const Selector& selector,
                                      const std::optional<std::string>& name_space) {
  if (name_space && change.key.name_space != *name_space) return std::nullopt;
  if (selector.everything()) return WatchEvent{type_of(change.type), *change.object};
  const bool now = change.type != Change::Type::kDeleted && selector.matches(*change.object);
  const bool before = change.before != nullptr && selector.matches(*change.before);
  if (!now && !before) return std::nullopt;
  if (now) return WatchEvent{before ? "MODIFIED" : "ADDED", *change.object};
  Json gone = *change.before;
  gone["metadata"]["resourceVersion"] = std::to_string(change.revision);
  return WatchEvent{"DELETED", std::move(gone)};
}

WatchSource::WatchSource(const Store& store, Clock& clock, WatchRequest request)
    : store_(store),
      clock_(clock),
      request_(std::move(request)),
      deadline_(clock.monotonic() + request_.timeout) {
  if (request_.from.value_or(0) != 0) {
    cursor_ = *request_.from;
    bookmarked_ = cursor_;
  }
}

void WatchSource::subscribe(Store& store, const http::Waker& waker) {
  subscription_ = store.subscribe(request_.kind->storage_key(), waker);
  if (request_.initial) {
    add_initial(store.list(request_.kind->storage_key(), request_.name_space));
  } else if (cursor_ == 0) {
    cursor_ = bookmarked_ = store.revision();
  }
}

void WatchSource::add_initial(const Listing& listing) {
  for (const Object& object : listing.objects) {
    if (request_.selector.matches(*object)) add_frame("ADDED", *object);
  }
  cursor_ = listing.revision;
  if (request_.bookmarks && request_.initial_end) add_bookmark(true);
}

void WatchSource::add_frame(const std::string& type, const Json& object) {
  const bool v1_event = request_.kind->group == "events.k8s.io";
  const Json shown = v1_event ? event_from_core(object) : object;
  Json frame{{"type", type}, {"object", shown}};
  if (request_.form == Form::kMetadata) frame["object"] = partial_metadata(shown);
  if (request_.form == Form::kTable) {
    const Json metadata{{"resourceVersion", text_at(shown, ".metadata.resourceVersion")}};
    frame["object"] =
        make_table(*request_.kind, {&shown}, metadata, request_.include, clock_.now());
    if (headed_) frame["object"]["columnDefinitions"] = nullptr;
    headed_ = true;
  }
  pending_ += frame.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void WatchSource::add_bookmark(bool initial_end) {
  Json object{{"kind", request_.kind->kind},
              {"apiVersion", request_.kind->api_version()},
              {"metadata", {{"resourceVersion", std::to_string(cursor_)}}}};
  if (initial_end) object["metadata"]["annotations"]["k8s.io/initial-events-end"] = "true";
  Json frame{{"type", "BOOKMARK"}, {"object", object}};
  if (request_.form == Form::kMetadata) frame["object"] = partial_metadata(object);
  if (request_.form == Form::kTable) {
    frame["object"] =
        make_table(*request_.kind, {}, object["metadata"], request_.include, clock_.now());
    frame["object"]["rows"].push_back(bookmark_row(*request_.kind, object));
    if (headed_) frame["object"]["columnDefinitions"] = nullptr;
    headed_ = true;
  }
  pending_ += frame.dump() + "\n";
  bookmarked_ = cursor_;
}

void WatchSource::add_expired() {
  const Failure failure = expired("too old resource version: " + std::to_string(cursor_) + " (" +
                                  std::to_string(store_.revision()) + ")");
  pending_ += Json{{"type", "ERROR"}, {"object", to_status(failure)}}.dump() + "\n";
  ended_ = true;
}

// Takes the next changes in; false when there are none.
bool WatchSource::add_changes() {
  const auto changes = store_.changes(request_.kind->storage_key(), cursor_, kBatch);
  if (!changes) {
    add_expired();
    return true;
  }
  for (const Change& change : *changes) {
    cursor_ = change.revision;
    if (const auto event = watch_event(change, request_.selector, request_.name_space)) {
      add_frame(event->type, event->object);
    }
  }
  return !changes->empty();
}

http::Chunk WatchSource::next() {
  while (pending_.empty() && !ended_ && add_changes()) {
  }
  if (!pending_.empty()) return http::Chunk::of(std::exchange(pending_, {}));
  const Duration left = deadline_ - clock_.monotonic();
  if (ended_ || left <= Duration::zero()) return http::Chunk::end();
  if (!request_.bookmarks || cursor_ == bookmarked_) return http::Chunk::wait(left);
  if (left > kBookmarkLead) return http::Chunk::wait(left - kBookmarkLead);
  add_bookmark(false);
  return http::Chunk::of(std::exchange(pending_, {}));
}

}  // namespace penstock::apiserver
