#pragma once

#include <string>

#include "operator/apiserver/json.h"
#include "operator/apiserver/kinds.h"

namespace penstock::apiserver {

// What tells a client which resources there are.

// APIGroupDiscoveryList v2 of /api (core) or /apis (the others): everything in one answer.
Json aggregated_discovery(const KindTable& kinds, bool core);

Json api_versions();                      // /api
Json group_list(const KindTable& kinds);  // /apis
Json group_document(const KindTable& kinds,
                    const std::string& group);  // /apis/GROUP; null when absent
Json resource_list(const KindTable& kinds, const std::string& group, const std::string& version);

// /version. The minor decides which kubectl a version dispatcher starts.
Json version_document();

}  // namespace penstock::apiserver
