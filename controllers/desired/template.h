#pragma once

#include <string>

namespace penstock {

// spec.template is merged into every Pod as kubectl would: objects member by member, lists of named
// things by their key (container, volume, variable: name; mount: mountPath), other lists as a
// whole.

// Merges; both are JSON objects. What a template may not say is for admission.
std::string merge_template(const std::string& pod_json, const std::string& template_json);

}  // namespace penstock
