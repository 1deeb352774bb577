#pragma once

#include <vector>

#include "operator/apiserver/failure.h"
#include "operator/apiserver/json.h"

namespace penstock::apiserver {

// What the API server does to Pods beside what their schema says. Pure.

// `created`: with its first status.
void complete_pod(Json& pod, bool created);
// `before` is null for a new Pod.
void validate_pod(const Json& pod, const Json* before, std::vector<FieldError>& errors);

}  // namespace penstock::apiserver
