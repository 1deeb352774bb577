#pragma once

#include <string>
#include <vector>

#include "operator/apiserver/failure.h"
#include "operator/apiserver/json.h"

namespace penstock::apiserver {

// Removes unknown members of metadata; returns their paths ("metadata.lables").
std::vector<std::string> prune_metadata(Json& object);

// 400 when a member of metadata has the wrong JSON type.
Answer<bool> check_metadata_types(const Json& object, const std::string& kind,
                                  const std::string& version);

// Names, labels, annotations, finalizers and owner references that Kubernetes refuses.
std::vector<FieldError> validate_metadata(const Json& object);

// Is `name` a lower-case RFC 1123 subdomain of at most 253 characters?
bool is_object_name(const std::string& name);

}  // namespace penstock::apiserver
