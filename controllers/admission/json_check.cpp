#include <nlohmann/json.hpp>
#include <optional>

#include "controllers/admission/admission.h"
#include "controllers/admission/causes.h"
#include "controllers/api/json.h"

namespace penstock {
namespace {

// Compared as it was written: a spec that cannot be read any more may stay.
bool same_spec(std::string_view next, std::string_view previous) {
  const auto after = nlohmann::json::parse(next, nullptr, false);
  const auto before = nlohmann::json::parse(previous, nullptr, false);
  return after.is_object() && before.is_object() &&
         after.value("spec", nlohmann::json()) == before.value("spec", nlohmann::json());
}

template <typename T>
Verdict check_as(std::string_view next, std::string_view previous) {
  if (!previous.empty() && same_spec(next, previous)) return {};
  api::Decoded<T> decoded = api::decode_text<T>(next);
  std::optional<T> before;
  if (!previous.empty()) before = api::decode_text<T>(previous).value;
  Verdict verdict;
  verdict.causes = std::move(decoded.errors);
  for (const std::string& path : decoded.unknown)
    verdict.warnings.push_back("unknown field \"" + path + "\"");
  // What could not be read has its default, about which nothing should be said.
  if (!verdict.causes.empty()) return verdict;
  Verdict checked = check(decoded.value, before ? &*before : nullptr);
  verdict.causes = std::move(checked.causes);
  verdict.warnings.insert(verdict.warnings.end(), checked.warnings.begin(), checked.warnings.end());
  return verdict;
}

}  // namespace

Verdict check_json(std::string_view kind, std::string_view next, std::string_view previous) {
  if (kind == api::StreamJob::kKind) return check_as<api::StreamJob>(next, previous);
  if (kind == api::ScalingPolicy::kKind) return check_as<api::ScalingPolicy>(next, previous);
  if (kind == api::JobSnapshot::kKind) return check_as<api::JobSnapshot>(next, previous);
  return {};
}

}  // namespace penstock
