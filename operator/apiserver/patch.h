#pragma once

#include <string>

#include "operator/apiserver/failure.h"
#include "operator/apiserver/json.h"

namespace penstock::apiserver {

// RFC 7386. `patch` must be an object.
Answer<Json> apply_merge_patch(Json object, const Json& patch);

// RFC 6902. 400 when the patch is no list of operations, 422 when one does not apply.
Answer<Json> apply_json_patch(const Json& object, const Json& patch);

// Kubernetes' strategic merge: lists whose items have keys in the schema (containers, volumes, env,
// conditions, ...) merge by the first of them, sets (finalizers) as sets, other lists are replaced;
// $patch (replace, delete, merge), $retainKeys, $deleteFromPrimitiveList and $setElementOrder are
// understood.
Answer<Json> apply_strategic_patch(Json object, const Json& patch, const Json& schema);

}  // namespace penstock::apiserver
