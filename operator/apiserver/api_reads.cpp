#include <algorithm>
#include <nlohmann/json.hpp>

#include "operator/apiserver/api_call.h"
#include "operator/apiserver/builtin_rules.h"
#include "operator/apiserver/json_path.h"
#include "operator/apiserver/paging.h"
#include "operator/apiserver/pod_log.h"
#include "operator/apiserver/scale.h"
#include "operator/apiserver/watch.h"

namespace penstock::apiserver {

// Finds the log of a stored Pod; whether more is to come, the Pod's status knows best.
FindLog Api::log_of(const ObjectKey& key) const {
  return [this, key](const LogTarget& target) -> Result<LogFile> {
    Result<LogFile> found = find_log_(target);
    if (!found) return found;
    const Object pod = store_.get(key);
    const bool same = pod != nullptr && text_at(*pod, ".metadata.uid") == target.uid;
    const std::string status = ".status.containerStatuses[?(@.name=='" + target.container + "')]";
    const bool ended = same && find_path(*pod, status + ".state.terminated") != nullptr;
    found->running = found->running && same && !ended;
    return found;
  };
}

Answer<http::Reply> Api::read_one(const Call& call, const Route& route) {
  const Object stored = store_.get(key_of(route));
  if (stored == nullptr) return not_found(route.kind->named(route.name));
  if (route.subresource == "log") {
    const bool scheduled = !text_at(*stored, ".spec.nodeName").empty();
    if (!scheduled) return http::Reply(http::Response{204, {}, ""});
    auto options = parse_log_options(call.query, *stored, clock_.now());
    if (!options) return options.error();
    return open_log(*options, find_log_ ? log_of(key_of(route)) : find_log_, clock_);
  }
  if (route.subresource == "scale") {
    return http::Reply(json_response(200, scale_of(*route.kind, *stored), call.pretty));
  }
  const Json object = route.kind->group == "events.k8s.io" ? event_from_core(*stored) : *stored;
  auto presentation = presentation_of(call.request.header("Accept"), call.query, false);
  if (!presentation) return presentation.error();
  if (presentation->form == Form::kObject)
    return http::Reply(json_response(200, object, call.pretty));
  if (presentation->form == Form::kMetadata)
    return http::Reply(json_response(200, partial_metadata(object), call.pretty));
  const Json metadata{{"resourceVersion", text_at(object, ".metadata.resourceVersion")}};
  return http::Reply(json_response(
      200, make_table(*route.kind, {&object}, metadata, presentation->include, clock_.now()),
      call.pretty));
}

namespace {

Failure wrong_version(const std::string& version, bool watch) {
  const std::string problem = "resourceVersion: Invalid value: \"" + version +
                              "\": strconv.ParseUint: parsing \"" + version + "\": invalid syntax";
  if (watch) return {500, "", problem, ""};
  return bad_request("invalid resource version: " + problem);
}

FieldError forbidden(const char* field, const std::string& why) {
  return {"FieldValueForbidden", field, "Forbidden: " + why};
}

// resourceVersionMatch and sendInitialEvents make sense in few combinations only.
Answer<bool> check_version_match(const Query& query, bool watch) {
  const std::string match = query.get("resourceVersionMatch");
  const std::string version = query.get("resourceVersion");
  const bool initial = query.has("sendInitialEvents");
  std::vector<FieldError> errors;
  const auto add = [&](const char* field, const std::string& why) {
    errors.push_back(forbidden(field, why));
  };
  if (watch && initial && match.empty())
    add("resourceVersionMatch", "resourceVersionMatch is required when sendInitialEvents is set");
  if (watch && !initial && !match.empty())
    add("resourceVersionMatch",
        "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
  if (!watch && initial) add("sendInitialEvents", "sendInitialEvents is forbidden for list");
  if (!watch && !match.empty() && version.empty())
    add("resourceVersionMatch",
        "resourceVersionMatch is forbidden unless resourceVersion is provided");
  if (!watch && !match.empty() && query.has("continue"))
    add("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided");
  if (!watch && match == "Exact" && version == "0")
    add("resourceVersionMatch",
        "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
  const bool known = match.empty() || match == "NotOlderThan" || (!watch && match == "Exact");
  if (!known)
    errors.push_back({"FieldValueNotSupported", "resourceVersionMatch",
                      "Unsupported value: " + Json(match).dump() + ": supported values: " +
                          (watch ? "" : "\"Exact\", ") + "\"NotOlderThan\""});
  if (!errors.empty()) return invalid({"meta.k8s.io", "", "ListOptions", ""}, errors);
  return true;
}

Failure version_too_large(Revision wanted, Revision current) {
  return {
      504, "Timeout",
      "Timeout: Too large resource version: " + std::to_string(wanted) +
          ", current: " + std::to_string(current),
      R"({"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],"retryAfterSeconds":1})"};
}

}  // namespace

Answer<http::Reply> Api::read_many(const Call& call, const Route& route) {
  auto selector = selector_of(call.query, *route.kind);
  if (!selector) return selector.error();
  const bool watches = call.query.has("watch") && call.query.get("watch") != "false" &&
                       call.query.get("watch") != "0";
  auto presentation = presentation_of(call.request.header("Accept"), call.query, !watches);
  if (!presentation) return presentation.error();
  const std::string version = call.query.get("resourceVersion");
  const auto revision = version.empty() ? std::optional<Revision>(0) : parse_revision(version);
  if (!revision) return wrong_version(version, watches);
  if (auto fine = check_version_match(call.query, watches); !fine) return fine.error();
  std::optional<std::string> name_space;
  if (!route.name_space.empty()) name_space = route.name_space;
  if (watches) {
    const bool told = call.query.has("sendInitialEvents");
    return watch(
        call, WatchRequest{.kind = route.kind,
                           .name_space = name_space,
                           .selector = std::move(*selector),
                           .from = revision,
                           .initial = told ? call.query.flag("sendInitialEvents") : *revision == 0,
                           .initial_end = told,
                           .bookmarks = call.query.flag("allowWatchBookmarks"),
                           .form = presentation->form,
                           .include = presentation->include});
  }
  if (*revision > store_.revision()) return version_too_large(*revision, store_.revision());
  auto page = parse_page(call.query);
  if (!page) return page.error();
  if (call.query.get("resourceVersionMatch") == "Exact") page->exact = revision;
  auto listing = listing_for(store_, route.kind->storage_key(), name_space, *page);
  if (!listing) return listing.error();

  const bool events = route.kind->group == "events.k8s.io";
  std::vector<Json> converted;
  std::vector<const Json*> objects;
  converted.reserve(events ? listing->objects.size() : 0);
  for (const Object& object : listing->objects) {
    const Json* shown = events ? &converted.emplace_back(event_from_core(*object)) : object.get();
    if (selector->matches(*shown)) objects.push_back(shown);
  }
  const bool all_shown =
      call.query.get("labelSelector").empty() && call.query.get("fieldSelector").empty();
  const Json metadata = cut_to_page(objects, *page, listing->revision, all_shown);
  if (presentation->form == Form::kTable) {
    return http::Reply(json_response(
        200, make_table(*route.kind, objects, metadata, presentation->include, clock_.now()),
        call.pretty));
  }
  const bool partial = presentation->form == Form::kMetadata;
  Json list{{"kind", partial ? "PartialObjectMetadataList" : route.kind->list_kind},
            {"apiVersion", partial ? "meta.k8s.io/v1" : route.kind->api_version()},
            {"metadata", metadata},
            {"items", Json::array()}};
  for (const Json* object : objects) {
    Json& item = list["items"].emplace_back(partial ? partial_metadata(*object) : *object);
    if (partial || route.kind->custom) continue;
    item.erase("kind");  // built-in types say these once, for the list
    item.erase("apiVersion");
  }
  return http::Reply(json_response(200, list, call.pretty));
}

Answer<http::Reply> Api::watch(const Call& call, WatchRequest wanted) {
  if (const auto seconds = parse_revision(call.query.get("timeoutSeconds"));
      seconds && *seconds > 0) {
    wanted.timeout = std::chrono::seconds(std::min<Revision>(*seconds, 24 * 3600));
  }
  return http::Reply(http::StreamingResponse{
      200,
      {{"Content-Type", "application/json"}, {"Cache-Control", "no-cache, private"}},
      [this, wanted = std::move(wanted)](const http::Waker& waker) {
        auto source = std::make_unique<WatchSource>(store_, clock_, wanted);
        source->subscribe(store_, waker);
        return source;
      }});
}

}  // namespace penstock::apiserver
