#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "operator/apiserver/api.h"
#include "operator/apiserver/json.h"
#include "operator/apiserver/selectors.h"
#include "operator/apiserver/table.h"

// What the files of Api share: a request taken apart, and the shapes of answers.
namespace penstock::apiserver {

struct Api::Call {
  explicit Call(const http::Request& from);

  const http::Request& request;
  std::string path;
  Query query;
  bool pretty = false;
};

// How objects are shown: as they are, as rows, or their metadata alone.
struct Presentation {
  Form form = Form::kObject;
  IncludeObject include = IncludeObject::kMetadata;
};

// Of the first form in Accept that is known here; 406 when it does not go with what is asked for.
Answer<Presentation> presentation_of(std::string_view accept, const Query& query, bool is_list);
Answer<Selector> selector_of(const Query& query, const KindDefinition& kind);
// Digits alone; nothing otherwise.
std::optional<Revision> parse_revision(const std::string& text);

http::Response json_response(int status, const Json& json, bool pretty);
http::Response text_response(int status, std::string text);

}  // namespace penstock::apiserver
