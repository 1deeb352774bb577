#include "operator/webhook/review.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "controllers/admission/admission.h"
#include "controllers/api/meta.h"
#include "runtime/base/utf8.h"

namespace penstock {
namespace {

using Json = nlohmann::json;

// Objects nest a dozen levels; nlohmann::json's functions recurse into them.
constexpr int kMaxDepth = 200;
// A value takes a hundred bytes once it is parsed, so that a body of brackets would take as much
// memory as the Pod has. The largest objects have some thousand.
constexpr std::size_t kMostValues = 50'000;
// The API server drops what is longer, and all of them above 4096 characters.
constexpr std::size_t kWarningLength = 256;
constexpr std::size_t kMostWarnings = 15;
constexpr std::size_t kMostCauses = 50;

// What parsing would make of a text: how deep it nests, and about how many values there are.
struct Shape {
  int depth = 0;
  std::size_t values = 0;
};

Shape shape_of(std::string_view json) {
  Shape shape;
  int depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_text = !in_text;
    } else if (!in_text) {
      if (c == '[' || c == '{') shape.depth = std::max(shape.depth, ++depth);
      if (c == ']' || c == '}') --depth;
      if (c == '[' || c == '{' || c == ',') ++shape.values;
    }
  }
  return shape;
}

const Json* member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string text_of(const Json& object, const char* name) {
  const Json* it = member(object, name);
  return it != nullptr && it->is_string() ? it->get<std::string>() : std::string();
}

ReviewAnswer malformed(const std::string& what) {
  return {400, "this is no AdmissionReview of admission.k8s.io/v1: " + what + "\n",
          "text/plain; charset=utf-8", false};
}

bool is_being_deleted(const Json& object) {
  const Json* metadata = member(object, "metadata");
  return metadata != nullptr && member(*metadata, "deletionTimestamp") != nullptr;
}

// What is asked about one object.
struct Question {
  std::string kind, name;
  const Json* object = nullptr;
  const Json* previous = nullptr;
};

// The question, if there is one that we have rules for.
std::optional<Question> question_of(const Json& request) {
  const Json* kind = member(request, "kind");
  const std::string operation = text_of(request, "operation");
  const bool ours = kind != nullptr && text_of(*kind, "group") == api::kGroup;
  if (!ours || (operation != "CREATE" && operation != "UPDATE")) return std::nullopt;
  if (!text_of(request, "subResource").empty()) return std::nullopt;
  Question question{.kind = text_of(*kind, "kind"),
                    .name = text_of(request, "name"),
                    .object = member(request, "object"),
                    .previous = member(request, "oldObject")};
  if (question.object == nullptr || is_being_deleted(*question.object)) return std::nullopt;
  const Json* metadata = member(*question.object, "metadata");
  if (question.name.empty() && metadata != nullptr) {
    question.name = text_of(*metadata, "name");
    if (question.name.empty()) question.name = text_of(*metadata, "generateName");
  }
  return question;
}

// As the API server's own refusals read.
Json refusal(const Question& question, const std::vector<api::FieldError>& all) {
  const std::size_t shown = std::min(all.size(), kMostCauses);
  std::string text;
  Json causes = Json::array();
  for (std::size_t i = 0; i < shown; ++i) {
    const api::FieldError& cause = all[i];
    const std::string message =
        cause.reason == "NotImplemented" ? "NotImplemented: " + cause.message : cause.message;
    text += (text.empty() ? "" : ", ") + cause.path + ": " + message;
    causes.push_back({{"reason", cause.reason}, {"message", message}, {"field", cause.path}});
  }
  if (all.size() > shown) text += ", and " + std::to_string(all.size() - shown) + " more";
  if (all.size() > 1) text = "[" + text + "]";
  const std::string group(api::kGroup);
  return {
      {"status", "Failure"},
      {"reason", "Invalid"},
      {"code", 422},
      {"message", question.kind + "." + group + " \"" + question.name + "\" is invalid: " + text},
      {"details",
       {{"group", group},
        {"kind", question.kind},
        {"name", question.name},
        {"causes", std::move(causes)}}}};
}

Json warnings_of(const Verdict& verdict) {
  Json warnings = Json::array();
  for (const std::string& warning : verdict.warnings) {
    if (warnings.size() == kMostWarnings) break;
    warnings.push_back(std::string(characters(warning, 0, kWarningLength)));
  }
  return warnings;
}

}  // namespace

ReviewAnswer answer_review(std::string_view body) {
  const Shape shape = shape_of(body);
  if (shape.depth > kMaxDepth)
    return malformed("it nests deeper than " + std::to_string(kMaxDepth) + " levels");
  if (shape.values > kMostValues)
    return malformed("it has more than " + std::to_string(kMostValues) + " values");
  const Json review = Json::parse(body, nullptr, false);
  if (review.is_discarded()) return malformed("it is not JSON");
  if (text_of(review, "apiVersion") != "admission.k8s.io/v1" ||
      text_of(review, "kind") != "AdmissionReview")
    return malformed("apiVersion or kind is another one");
  const Json* request = member(review, "request");
  if (request == nullptr || text_of(*request, "uid").empty())
    return malformed("request.uid is missing");

  Json response{{"uid", text_of(*request, "uid")}, {"allowed", true}};
  ReviewAnswer answer;
  if (const auto question = question_of(*request)) {
    const Verdict verdict =
        check_json(question->kind, question->object->dump(),
                   question->previous != nullptr ? question->previous->dump() : std::string());
    answer.allowed = verdict.accepted();
    response["allowed"] = answer.allowed;
    if (!answer.allowed) response["status"] = refusal(*question, verdict.causes);
    if (!verdict.warnings.empty()) response["warnings"] = warnings_of(verdict);
  }
  answer.body = Json{{"apiVersion", "admission.k8s.io/v1"},
                     {"kind", "AdmissionReview"},
                     {"response", std::move(response)}}
                    .dump(-1, ' ', false, Json::error_handler_t::replace);
  return answer;
}

}  // namespace penstock
