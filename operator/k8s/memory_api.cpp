#include "operator/k8s/memory_api.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace penstock::k8s {
namespace {

using Json = nlohmann::json;

// "/apis/g/v/namespaces/s/plural/name/sub?query" taken apart. `collection` is "/apis/g/v plural".
struct Target {
  std::string collection, plural, space, name, subresource;
  std::map<std::string, std::string> query;

  std::string parameter(const std::string& key) const {
    const auto found = query.find(key);
    return found == query.end() ? std::string() : found->second;
  }
};

std::string decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto at = std::min(text.find(separator), text.size());
    if (at > 0) parts.emplace_back(text.substr(0, at));
    text.remove_prefix(std::min(at + 1, text.size()));
  }
  return parts;
}

Target parse_target(const std::string& target) {
  Target out;
  const auto question = target.find('?');
  std::vector<std::string> parts = split(std::string_view(target).substr(0, question), '/');
  const std::size_t prefix = parts.front() == "apis" ? 3 : 2;
  for (std::size_t i = 0; i < prefix; ++i) out.collection += "/" + parts[i];
  std::size_t at = prefix;
  if (parts.size() > at + 2 && parts[at] == "namespaces") {
    out.space = parts[at + 1];
    at += 2;
  }
  if (parts.size() > at) out.plural = parts[at];
  out.collection += " " + out.plural;
  if (parts.size() > at + 1) out.name = parts[at + 1];
  if (parts.size() > at + 2) out.subresource = parts[at + 2];
  if (question == std::string::npos) return out;
  for (const std::string& pair : split(std::string_view(target).substr(question + 1), '&')) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos) continue;
    out.query[pair.substr(0, equals)] = decode(std::string_view(pair).substr(equals + 1));
  }
  return out;
}

Response status(int code, const std::string& reason, const std::string& message) {
  const Json body{{"kind", "Status"}, {"apiVersion", "v1"}, {"status", "Failure"},
                  {"reason", reason}, {"message", message}, {"code", code}};
  return {code, body.dump()};
}

struct Event {
  std::uint64_t version;
  std::string collection, space, type, object;
};

std::string line_of(const Event& event) {
  return R"({"type":")" + event.type + R"(","object":)" + event.object + "}";
}

}  // namespace

struct MemoryApi::State {
  using Key = std::pair<std::string, ObjectKey>;  // collection, key

  mutable std::mutex mutex;
  std::condition_variable_any changed;
  std::map<Key, Json> objects;
  std::deque<Event> history;
  std::uint64_t version = 100;
  std::uint64_t oldest = 0;  // watches from before are expired
  std::uint64_t uids = 0;
  std::uint64_t watch_epoch = 0, bookmarks = 0;
  std::set<std::pair<std::string, std::string>> forbidden;  // method, plural
  bool held = false;
  bool streams = true;
  bool graceful_pods = false;

  void publish(const Key& key, const std::string& type, Json& object) {
    object["metadata"]["resourceVersion"] = std::to_string(++version);
    history.push_back({version, key.first, key.second.space, type, object.dump()});
    changed.notify_all();
  }

  Response store(const Key& key, Json object, const std::string& type, int code) {
    publish(key, type, object);
    objects[key] = object;
    return {code, object.dump()};
  }

  Response create(const Target& target, Json object) {
    Json& meta = object["metadata"];
    if (!meta.contains("name")) return status(422, "Invalid", "metadata.name: required");
    if (!target.space.empty()) meta["namespace"] = target.space;
    const Key key{target.collection, {target.space, meta["name"].get<std::string>()}};
    if (objects.contains(key)) {
      return status(409, "AlreadyExists",
                    target.plural + " \"" + key.second.name + "\" already exists");
    }
    meta["uid"] = "uid-" + std::to_string(++uids);
    meta["generation"] = 1;
    meta["creationTimestamp"] = "2026-01-01T00:00:00Z";
    return store(key, std::move(object), "ADDED", 201);
  }

  static bool stale(const Json& known, const Json& sent) {
    const std::string wanted = sent.value(Json::json_pointer("/metadata/resourceVersion"), "");
    return !wanted.empty() && wanted != known["metadata"]["resourceVersion"];
  }

  // Takes over from `sent` what the subresource may change.
  static Json merged(const Json& known, const Json& sent, const std::string& subresource) {
    Json next = known;
    if (subresource == "status") {
      next["status"] = sent.value("status", Json::object());
    } else if (subresource == "scale") {
      next["spec"]["parallelism"] = sent["spec"]["replicas"];
    } else if (subresource == "resize") {
      next["spec"] = sent["spec"];
    } else {
      next = sent;
      if (known.contains("status")) next["status"] = known["status"];
      for (const char* field : {"uid", "generation", "creationTimestamp", "deletionTimestamp"}) {
        if (known["metadata"].contains(field)) next["metadata"][field] = known["metadata"][field];
      }
    }
    return next;
  }

  Response replace(const Key& key, const Json& sent, const std::string& subresource) {
    const Json& known = objects.at(key);
    if (stale(known, sent)) {
      return status(409, "Conflict", "the object has been modified; apply to the latest version");
    }
    Json next = merged(known, sent, subresource);
    next["metadata"]["resourceVersion"] = known["metadata"]["resourceVersion"];
    if (next == known) return {200, known.dump()};  // nothing changed, no new version
    if (next.value("spec", Json()) != known.value("spec", Json())) {
      next["metadata"]["generation"] = known["metadata"].value("generation", 1) + 1;
    }
    const auto held_by = [](const Json& object) {
      return !object["metadata"].value("finalizers", Json::array()).empty();
    };
    const bool deleting = next["metadata"].contains("deletionTimestamp");
    if (deleting && held_by(known) && !held_by(next)) {
      return erase(key, std::move(next));
    }
    return store(key, std::move(next), "MODIFIED", 200);
  }

  Response patch(const Key& key, const Json& change, const std::string& subresource) {
    Json next = objects.at(key);
    next.merge_patch(change);
    return replace(key, next, subresource);
  }

  // Background deletion of everything that names the object as an owner comes with it.
  Response erase(const Key& key, Json object) {
    const std::string uid = object["metadata"]["uid"];
    objects.erase(key);
    publish(key, "DELETED", object);
    std::vector<Key> owned;
    for (const auto& [other, value] : objects) {
      for (const Json& owner : value["metadata"].value("ownerReferences", Json::array())) {
        if (owner.value("uid", "") == uid) owned.push_back(other);
      }
    }
    for (const Key& other : owned) remove(other, Json::object());
    return {200, object.dump()};
  }

  Response remove(const Key& key, const Json& options) {
    const auto found = objects.find(key);
    if (found == objects.end()) return status(404, "NotFound", key.second.name + " not found");
    const Json& meta = found->second["metadata"];
    const Json only = options.value("preconditions", Json::object());
    for (const char* field : {"uid", "resourceVersion"}) {
      if (only.contains(field) && only[field] != meta[field]) {
        return status(409, "Conflict", std::string("precondition failed: ") + field);
      }
    }
    Json object = found->second;
    const bool graceful =
        graceful_pods && object["kind"] == "Pod" && options.value("gracePeriodSeconds", 1) != 0;
    if (!graceful && object["metadata"].value("finalizers", Json::array()).empty()) {
      return erase(key, std::move(object));
    }
    if (object["metadata"].contains("deletionTimestamp")) return {200, object.dump()};
    object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
    return store(key, std::move(object), "MODIFIED", 200);
  }

  Response list(const Target& target) const {
    const std::string limit_text = target.parameter("limit");
    const std::size_t limit = limit_text.empty() ? SIZE_MAX : std::stoul(limit_text);
    const std::string after = target.parameter("continue");
    Json items = Json::array();
    std::string more;
    for (const auto& [key, object] : objects) {
      if (key.first != target.collection) continue;
      if (!target.space.empty() && key.second.space != target.space) continue;
      const std::string name = to_string(key.second);
      if (!after.empty() && name <= after) continue;
      if (items.size() == limit) {
        more = to_string(
            {items.back()["metadata"].value("namespace", ""), items.back()["metadata"]["name"]});
        break;
      }
      items.push_back(object);
    }
    const Json meta{{"resourceVersion", std::to_string(version)}, {"continue", more}};
    return {200, Json{{"kind", "List"}, {"metadata", meta}, {"items", items}}.dump()};
  }

  // What a watch brings first that asks for what is there.
  std::vector<std::string> initial_lines(const Target& target) const {
    std::vector<std::string> lines;
    const Json all = Json::parse(list(target).body);
    for (const Json& object : all["items"]) {
      lines.push_back(Json{{"type", "ADDED"}, {"object", object}}.dump());
    }
    const Json meta{{"resourceVersion", std::to_string(version)},
                    {"annotations", {{"k8s.io/initial-events-end", "true"}}}};
    lines.push_back(Json{{"type", "BOOKMARK"}, {"object", {{"metadata", meta}}}}.dump());
    return lines;
  }

  Response dispatch(const Request& request, const Target& target, const Json& body) {
    if (forbidden.contains({request.method, target.plural}))
      return status(403, "Forbidden",
                    "User \"operator\" cannot " + request.method + " " + target.plural);
    if (target.name.empty()) {
      return request.method == "POST" ? create(target, body) : list(target);
    }
    const Key key{target.collection, {target.space, target.name}};
    if (!objects.contains(key)) {
      return status(404, "NotFound", target.plural + " \"" + target.name + "\" not found");
    }
    if (request.method == "GET") return {200, objects.at(key).dump()};
    if (request.method == "PUT") return replace(key, body, target.subresource);
    if (request.method == "PATCH") return patch(key, body, target.subresource);
    if (request.method == "DELETE") return remove(key, body);
    return status(405, "MethodNotAllowed", "no such method");
  }
};

MemoryApi::MemoryApi() : state_(std::make_unique<State>()) {}
MemoryApi::~MemoryApi() = default;

bool MemoryApi::is_watch(const Request& request) {
  return classify(request.method, request.target).first == "watch";
}

Response MemoryApi::handle(const Request& request) {
  const Json body =
      request.body.empty() ? Json::object() : Json::parse(request.body, nullptr, /*throw*/ false);
  if (body.is_discarded()) return status(400, "BadRequest", "the body is no JSON");
  std::scoped_lock lock(state_->mutex);
  return state_->dispatch(request, parse_target(request.target), body);
}

Result<Response> MemoryApi::watch(const Request& request, const Transport::OnLine& on_line,
                                  const std::stop_token& stop) {
  const Target target = parse_target(request.target);
  const std::string from = target.parameter("resourceVersion");
  std::unique_lock lock(state_->mutex);
  const bool initial = target.parameter("sendInitialEvents") == "true";
  if (initial && !state_->streams) {
    return status(422, "Invalid", "sendInitialEvents: Forbidden: not offered");
  }
  std::uint64_t seen = from.empty() || initial ? state_->version : std::stoull(from);
  if (seen < state_->oldest) return status(410, "Expired", "too old resource version: " + from);
  const std::uint64_t epoch = state_->watch_epoch;
  std::uint64_t bookmarks = state_->bookmarks;
  const auto next = [&]() -> const Event* {
    if (state_->held) return nullptr;
    const auto event = std::ranges::find_if(state_->history, [&](const Event& e) {
      return e.version > seen && e.collection == target.collection &&
             (target.space.empty() || e.space == target.space);
    });
    return event == state_->history.end() ? nullptr : &*event;
  };
  if (initial) {
    const std::vector<std::string> lines = state_->initial_lines(target);
    lock.unlock();
    for (const std::string& line : lines) TRY(on_line(line));
    lock.lock();
  }
  while (true) {
    state_->changed.wait(lock, stop, [&] {
      return state_->watch_epoch != epoch || state_->bookmarks != bookmarks || next() != nullptr;
    });
    if (stop.stop_requested()) return Error{Code::kCancelled, "the stream was stopped"};
    std::string line;
    if (const Event* event = next()) {
      seen = event->version;
      line = line_of(*event);
    } else if (state_->bookmarks != bookmarks) {
      bookmarks = state_->bookmarks;
      seen = std::max(seen, state_->version);
      line = Json{{"type", "BOOKMARK"},
                  {"object", {{"metadata", {{"resourceVersion", std::to_string(seen)}}}}}}
                 .dump();
    } else {
      return Response{200, {}};
    }
    lock.unlock();
    TRY(on_line(line));
    lock.lock();
  }
}

void MemoryApi::put(const Resource& resource, std::string_view json) {
  Json object = Json::parse(json);
  object["apiVersion"] = resource.api_version();
  object["kind"] = resource.kind;
  const ObjectKey name{object["metadata"].value("namespace", ""), object["metadata"]["name"]};
  Target target = parse_target(resource.path(name));
  std::scoped_lock lock(state_->mutex);
  const State::Key key{target.collection, name};
  if (!state_->objects.contains(key)) {
    state_->create(target, object);
    return;
  }
  object["metadata"].erase("resourceVersion");
  state_->replace(key, object, "");
}

void MemoryApi::put_status(const Resource& resource, const ObjectKey& name,
                           std::string_view status_json) {
  const Target target = parse_target(resource.path(name));
  std::scoped_lock lock(state_->mutex);
  const State::Key key{target.collection, name};
  if (!state_->objects.contains(key)) return;
  state_->replace(key, Json{{"status", Json::parse(status_json)}}, "status");
}

void MemoryApi::remove(const Resource& resource, const ObjectKey& name) {
  const Target target = parse_target(resource.path(name));
  std::scoped_lock lock(state_->mutex);
  state_->remove({target.collection, name}, Json::object());
}

std::string MemoryApi::find(const Resource& resource, const ObjectKey& name) const {
  const Target target = parse_target(resource.path(name));
  std::scoped_lock lock(state_->mutex);
  const auto found = state_->objects.find({target.collection, name});
  return found == state_->objects.end() ? std::string() : found->second.dump();
}

std::size_t MemoryApi::count(const Resource& resource) const {
  const Target target = parse_target(resource.path({}));
  std::scoped_lock lock(state_->mutex);
  return static_cast<std::size_t>(std::ranges::count_if(
      state_->objects, [&](const auto& entry) { return entry.first.first == target.collection; }));
}

ObjectList MemoryApi::objects(const Resource& resource) const {
  const Target target = parse_target(resource.path({}));
  std::scoped_lock lock(state_->mutex);
  return parse_list(state_->list(target).body).value();
}

std::vector<std::string> MemoryApi::changes(const Resource& resource, std::uint64_t after,
                                            std::uint64_t until) const {
  const Target target = parse_target(resource.path({}));
  std::scoped_lock lock(state_->mutex);
  std::vector<std::string> lines;
  for (const Event& event : state_->history) {
    if (event.version <= after || event.version > until) continue;
    if (event.collection == target.collection) lines.push_back(line_of(event));
  }
  return lines;
}

std::uint64_t MemoryApi::version() const {
  std::scoped_lock lock(state_->mutex);
  return state_->version;
}

void MemoryApi::end_pods_gracefully() {
  std::scoped_lock lock(state_->mutex);
  state_->graceful_pods = true;
}

void MemoryApi::forbid(std::string_view method, const Resource& resource) {
  std::scoped_lock lock(state_->mutex);
  state_->forbidden.emplace(method, resource.plural);
}

void MemoryApi::end_watches() {
  std::scoped_lock lock(state_->mutex);
  ++state_->watch_epoch;
  state_->changed.notify_all();
}

void MemoryApi::forget_history() {
  std::scoped_lock lock(state_->mutex);
  state_->history.clear();
  state_->oldest = ++state_->version;
}

void MemoryApi::bookmark() {
  std::scoped_lock lock(state_->mutex);
  ++state_->bookmarks;
  state_->changed.notify_all();
}

void MemoryApi::offer_streams(bool offer) {
  std::scoped_lock lock(state_->mutex);
  state_->streams = offer;
}

void MemoryApi::hold_events(bool hold) {
  std::scoped_lock lock(state_->mutex);
  state_->held = hold;
  state_->changed.notify_all();
}

}  // namespace penstock::k8s
