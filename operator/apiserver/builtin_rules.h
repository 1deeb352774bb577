#pragma once

#include <vector>

#include "operator/apiserver/failure.h"
#include "operator/apiserver/json.h"
#include "operator/apiserver/kinds.h"

namespace penstock::apiserver {

// What the API server does to objects of its own types, beside what a schema can say. Pure.

// 400 when a field has the wrong JSON type (ConfigMap data that is no text, ...).
Answer<bool> check_builtin_types(const KindDefinition& kind, const Json& object);
// Fills in defaults of a new (`before` is null: with its first status) or changed object.
void complete_builtin(const KindDefinition& kind, Json& object, const Json* before);
// Fields that are required or may not change. `before` is null for a new object.
std::vector<FieldError> validate_builtin(const KindDefinition& kind, const Json& object,
                                         const Json* before);

// Events are stored as core/v1; events.k8s.io/v1 is another view of them.
Json event_to_core(const Json& event);
Json event_from_core(const Json& event);

}  // namespace penstock::apiserver
