#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "controllers/admission/verdict.h"
#include "controllers/api/scaling_policy.h"

namespace penstock {

inline void refuse(Verdict& verdict, std::string path, std::string_view reason,
                   std::string message) {
  verdict.causes.push_back({std::move(path), std::string(reason), std::move(message)});
}
inline void invalid(Verdict& verdict, std::string path, std::string message) {
  refuse(verdict, std::move(path), "FieldValueInvalid", std::move(message));
}

// Rules of ScalingPolicy.spec, wherever it stands.
void check_policy_spec(const api::ScalingPolicySpec& spec, const std::string& path,
                       Verdict& verdict);
// spec.template: the process itself is the operator's (its command, image, size, probes, other
// containers beside it), and so are the labels that it selects by.
void check_template(const api::RawObject& pod_template, const std::string& path, Verdict& verdict);
// Where files can be written: file:///..., an absolute path or s3://bucket/prefix.
void check_uri(const std::string& uri, const std::string& path, Verdict& verdict);

}  // namespace penstock
