#include "operator/apiserver/api_call.h"

#include <algorithm>
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

namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// What a clause of Accept asks for: "application/json;as=Table;g=meta.k8s.io;v=v1".
struct AcceptClause {
  std::string_view type, as, version;
};

AcceptClause read_clause(std::string_view text) {
  AcceptClause clause{.type = trimmed(text.substr(0, text.find(';')))};
  while (text.find(';') != std::string_view::npos) {
    text.remove_prefix(text.find(';') + 1);
    const std::string_view part = trimmed(text.substr(0, text.find(';')));
    if (part.starts_with("as=")) clause.as = part.substr(3);
    if (part.starts_with("v=")) clause.version = part.substr(2);
  }
  return clause;
}

Failure not_acceptable(std::string_view asked, const char* what) {
  return {406, "NotAcceptable",
          "you requested " + std::string(asked) + ", but the requested object is " + what, ""};
}

Answer<Form> form_of(std::string_view accept, bool is_list) {
  if (accept.empty()) return Form::kObject;
  while (!accept.empty()) {
    const AcceptClause clause = read_clause(accept.substr(0, accept.find(',')));
    accept.remove_prefix(std::min(accept.find(','), accept.size() - 1) + 1);
    const bool json =
        clause.type == "application/json" || clause.type == "application/*" || clause.type == "*/*";
    if (!json || (!clause.as.empty() && clause.version != "v1")) continue;
    if (clause.as == "Table") return Form::kTable;
    if (clause.as == "PartialObjectMetadata" || clause.as == "PartialObjectMetadataList") {
      const bool wants_list = clause.as == "PartialObjectMetadataList";
      if (wants_list == is_list) return Form::kMetadata;
      return not_acceptable(clause.as, is_list ? "a list" : "not a list");
    }
    if (clause.as.empty()) return Form::kObject;
  }
  return Failure{406, "NotAcceptable",
                 "only the following media types are accepted: application/json", "{}"};
}

}  // namespace

Answer<Presentation> presentation_of(std::string_view accept, const Query& query, bool is_list) {
  const auto form = form_of(accept, is_list);
  if (!form) return form.error();
  Presentation presentation{.form = *form};
  const std::string include = query.get("includeObject");
  if (include == "Object") presentation.include = IncludeObject::kObject;
  if (include == "None") presentation.include = IncludeObject::kNone;
  if (presentation.form == Form::kTable && !include.empty() && include != "Object" &&
      include != "None" && include != "Metadata") {
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
