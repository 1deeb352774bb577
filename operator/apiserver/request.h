#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operator/apiserver/failure.h"
#include "operator/apiserver/kinds.h"
#include "runtime/http/server.h"

namespace penstock::apiserver {

// The query of an address, decoded.
class Query {
 public:
  explicit Query(std::string_view text);

  // The first value of `name`; empty when absent.
  std::string get(std::string_view name) const;
  bool has(std::string_view name) const;
  // "true", "1" and, as in Go, any value but false ones: `?watch=` is not set, `?watch=x` is.
  bool flag(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

// A text with a broken escape stays as it is.
std::string percent_decoded(std::string_view text);

// What a path under /api or /apis points at.
struct Route {
  const KindDefinition* kind = nullptr;
  std::string name_space;  // empty: cluster scope, or all namespaces of a list
  std::string name;        // empty: the collection
  std::string subresource;
};

// Nothing when no served resource is there.
std::optional<Route> parse_route(std::string_view path, const KindTable& kinds);

enum class FieldValidation { kIgnore, kWarn, kStrict };

// The query options of a write.
struct WriteOptions {
  bool dry_run = false;
  bool force = false;
  FieldValidation validation = FieldValidation::kWarn;
  std::string field_manager;
};
// 422 for values that Kubernetes does not know either. `options_kind` names them: "PatchOptions".
Answer<WriteOptions> parse_write_options(const Query& query, std::string_view user_agent,
                                         const std::string& options_kind, bool is_apply);

// JSON; 400 with `malformed` when it is none, or nests deeper than what goes down into it can bear.
Answer<Json> parse_json(std::string_view text, const std::string& malformed);
// The body as JSON: from JSON, YAML or Kubernetes' protobuf, as the content type says.
Answer<Json> parse_body(const http::Request& request, const KindDefinition& kind);
// YAML (or JSON, which is YAML too).
Answer<Json> parse_yaml(std::string_view text);

}  // namespace penstock::apiserver
