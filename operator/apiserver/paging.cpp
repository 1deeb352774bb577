#include "operator/apiserver/paging.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "operator/apiserver/json_path.h"
#include "runtime/base/base64.h"

namespace penstock::apiserver {

namespace {

std::pair<std::string, std::string> place_of(const Json& object) {
  return {text_at(object, ".metadata.namespace"), text_at(object, ".metadata.name")};
}

}  // namespace

// The real server's form, which clients do not look into.
std::string to_token(const PagePlace& place) {
  const std::string start = place.name_space + "/" + place.name + std::string(1, '\0');
  const Json json{{"v", "meta.k8s.io/v1"},
                  {"rv", place.revision ? Json(*place.revision) : Json(-1)},
                  {"start", start}};
  std::string token = encode_base64(json.dump());
  while (!token.empty() && token.back() == '=') token.pop_back();
  return token;
}

std::optional<PagePlace> from_token(const std::string& token) {
  std::string padded = token;
  while (padded.size() % 4 != 0) padded += '=';
  const auto text = decode_base64(padded);
  const Json json = text ? Json::parse(*text, nullptr, false) : Json();
  if (!json.is_object() || !json.contains("rv") || !json["rv"].is_number_integer())
    return std::nullopt;
  const std::string start = text_at(json, ".start");
  const std::size_t slash = start.find('/');
  if (slash == std::string::npos || start.back() != '\0') return std::nullopt;
  PagePlace place{.name_space = start.substr(0, slash),
                  .name = start.substr(slash + 1, start.size() - slash - 2)};
  if (json["rv"] >= 0) place.revision = json["rv"].get<Revision>();
  return place;
}

Answer<PageRequest> parse_page(const Query& query) {
  PageRequest page;
  const std::string limit = query.get("limit");
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(limit.data(), limit.data() + limit.size(), number);
  if (!limit.empty() && (failed != std::errc() || end != limit.data() + limit.size()))
    return bad_request("strconv.ParseInt: parsing " + Json(limit).dump() + ": invalid syntax");
  const std::string version = query.get("resourceVersion");
  if (number > 0 && version != "0") page.limit = static_cast<std::size_t>(number);
  const std::string token = query.get("continue");
  if (token.empty()) return page;
  if (!version.empty() && version != "0")
    return bad_request("specifying resource version is not allowed when using continue");
  page.after = from_token(token);
  if (!page.after)
    return bad_request("invalid continue token: continue key is not valid; list from the start");
  return page;
}

Answer<Listing> listing_for(const Store& store, const std::string& kind,
                            const std::optional<std::string>& name_space, const PageRequest& page) {
  if (page.exact) {
    auto then = store.list_at(kind, name_space, *page.exact);
    if (then) return std::move(*then);
    return expired("The resourceVersion for the provided list is too old.");
  }
  if (!page.after || !page.after->revision) return store.list(kind, name_space);
  auto listing = store.list_at(kind, name_space, *page.after->revision);
  if (listing) return std::move(*listing);
  Failure failure = expired(
      "The provided continue parameter is too old to display a consistent list result. You can "
      "start a new list without the continue parameter, or use the continue token in this response "
      "to retrieve the remainder of the results. Continuing with the provided token results in an "
      "inconsistent list - objects that were created, modified, or deleted between the time the "
      "first chunk was returned and now may show up in the list.");
  PagePlace place = *page.after;
  place.revision.reset();
  failure.continue_token = to_token(place);
  return failure;
}

Json cut_to_page(std::vector<const Json*>& objects, const PageRequest& page, Revision revision,
                 bool all_shown) {
  if (page.after) {
    const std::pair after(page.after->name_space, page.after->name);
    std::erase_if(objects, [&](const Json* object) { return place_of(*object) <= after; });
  }
  Json metadata{{"resourceVersion", std::to_string(revision)}};
  if (page.limit == 0 || objects.size() <= page.limit) return metadata;
  if (all_shown) metadata["remainingItemCount"] = objects.size() - page.limit;
  objects.resize(page.limit);
  const auto [name_space, name] = place_of(*objects.back());
  metadata["continue"] = to_token({revision, name_space, name});
  return metadata;
}

}  // namespace penstock::apiserver
