#pragma once

#include "operator/apiserver/failure.h"
#include "operator/apiserver/json.h"
#include "operator/apiserver/kinds.h"

namespace penstock::apiserver {

// The scale subresource. Pure; for kinds that have one.

// autoscaling/v1 Scale of an object.
Json scale_of(const KindDefinition& kind, const Json& object);

// `object` with the replicas (and the version, if it has one) of a Scale. 400 when it says none.
Answer<Json> with_scale(const KindDefinition& kind, Json object, const Json& scale);

}  // namespace penstock::apiserver
