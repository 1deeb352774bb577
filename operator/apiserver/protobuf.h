#pragma once

#include <string_view>

#include "operator/apiserver/failure.h"
#include "operator/apiserver/json.h"

namespace penstock::apiserver {

// Is this the content type of Kubernetes' protobuf encoding?
bool is_protobuf(std::string_view content_type);

// Decodes a "k8s\0" envelope with one of the types that kubectl sends so: Namespace, ConfigMap,
// Secret, Lease. 400 when it is malformed, 415 for other types.
Answer<Json> decode_protobuf(std::string_view body);

}  // namespace penstock::apiserver
