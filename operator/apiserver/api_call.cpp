#include "operator/apiserver/api_call.h"

#include <charconv>
#include <nlohmann/json.hpp>

namespace penstock::apiserver {

Api::Call::Call(const http::Request& from)
    : request(from),
      path(from.target.substr(0, from.target.find('?'))),
      query(from.target.find('?') == std::string::npos
                ? std::string_view()
                : std::string_view(from.target).substr(from.target.find('?') + 1)) {
  const std::string_view agent = from.header("User-Agent");
  pretty = query.flag("pretty") ||
           (!query.has("pretty") && (agent.starts_with("curl") || agent.starts_with("Wget")));
}

Answer<Presentation> presentation_of(std::string_view accept, const Query& query) {
  Presentation presentation;
  if (accept.find("as=PartialObjectMetadata") != std::string_view::npos &&
      accept.find("as=Table") == std::string_view::npos) {
    return Failure{406, "NotAcceptable",
                   "PartialObjectMetadata is not served; ask for application/json", ""};
  }
  presentation.as_table = accept.find("as=Table;v=v1;") != std::string_view::npos;
  const std::string include = query.get("includeObject");
  if (include == "Object") presentation.include = IncludeObject::kObject;
  if (include == "None") presentation.include = IncludeObject::kNone;
  if (presentation.as_table && !include.empty() && include != "Object" && include != "None" &&
      include != "Metadata") {
    return bad_request("Unable to convert to Table as requested: includeObject: Invalid value: \"" +
                       include + "\": must be 'Metadata', 'Object', 'None', or empty");
  }
  return presentation;
}

Answer<Selector> selector_of(const Query& query, const KindDefinition& kind) {
  Selector selector;
  auto labels = parse_label_selector(query.get("labelSelector"));
  if (!labels) return labels.error();
  auto fields = parse_field_selector(query.get("fieldSelector"), kind);
  if (!fields) return fields.error();
  selector.labels = std::move(*labels);
  selector.fields = std::move(*fields);
  return selector;
}

std::optional<Revision> parse_revision(const std::string& text) {
  Revision revision = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), revision);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return revision;
}

http::Response json_response(int status, const Json& json, bool pretty) {
  return {status,
          {{"Content-Type", "application/json"}, {"Cache-Control", "no-cache, private"}},
          json.dump(pretty ? 2 : -1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

http::Response text_response(int status, std::string text) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text)};
}

}  // namespace penstock::apiserver
