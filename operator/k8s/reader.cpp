#include "operator/k8s/reader.h"

#include <utility>

#include "runtime/base/percent.h"

namespace penstock::k8s {
namespace {

void add_parameter(std::string& target, std::string_view name, std::string_view value) {
  target += target.find('?') == std::string::npos ? '?' : '&';
  target += name;
  target += '=';
  target += encode_percent(value);
}

// Of a list or a watch: a collection that is not found is a kind that is not served.
Failure refused(const Resource& resource, const Response& response) {
  Failure failure = to_failure(response.status, response.body, response.retry_after);
  if (response.status == 404) {
    failure.error.message += "; " + resource.plural + " of " + resource.api_version() +
                             " are not served: install the CRDs of this version";
  }
  return failure;
}

}  // namespace

Result<Object> Reader::get(const Resource& resource, const ObjectKey& key) const {
  TRY_ASSIGN(const Response response, transport_.call({.target = resource.path(key)}));
  if (response.status != 200) return to_failure(response.status, response.body).error;
  return Object::parse(response.body);
}

std::variant<ObjectList, Failure> Reader::list(const Resource& resource,
                                               const ListQuery& query) const {
  std::string target = resource.path({query.space, {}});
  if (query.limit > 0) add_parameter(target, "limit", std::to_string(query.limit));
  if (!query.label_selector.empty()) add_parameter(target, "labelSelector", query.label_selector);
  if (!query.continue_token.empty()) {
    add_parameter(target, "continue", query.continue_token);
  } else if (!query.resource_version.empty()) {
    add_parameter(target, "resourceVersion", query.resource_version);
    add_parameter(target, "resourceVersionMatch", "NotOlderThan");
  }
  Result<Response> response = transport_.call({.target = target});
  if (!response) return to_failure(response.error());
  if (response->status != 200) return refused(resource, *response);
  Result<ObjectList> list = parse_list(response->body);
  if (!list) return Failure{Failure::Kind::kServer, list.error()};
  return std::move(list).value();
}

Result<ObjectList> Reader::list_all(const Resource& resource, const std::string& space) const {
  ObjectList all;
  do {
    auto page =
        list(resource, {.space = space, .limit = 500, .continue_token = all.continue_token});
    if (const auto* failure = std::get_if<Failure>(&page)) return failure->error;
    auto& got = std::get<ObjectList>(page);
    for (Object& object : got.items) all.items.push_back(std::move(object));
    all.continue_token = std::move(got.continue_token);
    all.resource_version = std::move(got.resource_version);
  } while (!all.continue_token.empty());
  return all;
}

std::variant<std::monostate, Failure> Reader::watch(const Resource& resource,
                                                    const WatchQuery& query,
                                                    const OnFrame& on_frame,
                                                    const std::stop_token& stop) const {
  std::string target = resource.path({query.space, {}});
  add_parameter(target, "watch", "1");
  add_parameter(target, "allowWatchBookmarks", "true");
  if (!query.resource_version.empty()) {
    add_parameter(target, "resourceVersion", query.resource_version);
  }
  if (query.initial) {
    add_parameter(target, "sendInitialEvents", "true");
    add_parameter(target, "resourceVersionMatch", "NotOlderThan");
  }
  add_parameter(target, "timeoutSeconds", std::to_string(query.timeout_seconds));
  if (!query.label_selector.empty()) add_parameter(target, "labelSelector", query.label_selector);
  const auto on_line = [&](std::string_view line) -> Status {
    TRY_ASSIGN(WatchFrame frame, parse_frame(line));
    on_frame(std::move(frame));
    return ok();
  };
  const Result<Response> end = transport_.stream({.target = target}, on_line, stop);
  if (!end) return to_failure(end.error());
  if (end->status != 200) return refused(resource, *end);
  return std::monostate{};
}

}  // namespace penstock::k8s
