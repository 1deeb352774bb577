#pragma once

#include <vector>

#include "operator/apiserver/failure.h"
#include "operator/apiserver/json.h"
#include "operator/apiserver/store.h"
#include "runtime/base/ids.h"

namespace penstock::apiserver {

// What a real cluster's controllers and admission derive from the Pods of a namespace. Pure.

// Whether a PodDisruptionBudget selects a Pod.
bool selects(const Json& budget, const Json& pod);
// The .status of a budget. The Pods that it selects now count as the ones expected; a real
// controller asks their owners.
Json budget_status(const Json& budget, const std::vector<Object>& pods, Millis now);
// Whether a Pod may be evicted under the budgets that select it: 429 when not, as the eviction
// subresource says it.
Answer<bool> check_eviction(const Json& pod, const std::vector<Object>& budgets);

// The .status of a ResourceQuota: pods, and cpu and memory of requests and limits are counted. Of
// others, and of a quota with scopes, nothing is known to be used, and nothing is held to.
Json quota_status(const Json& quota, const std::vector<Object>& pods);
// Whether `pod` (in place of `before`, null for a new one) fits into a quota beside the others: 403
// when not.
Answer<bool> check_quota(const Json& quota, const std::vector<Object>& pods, const Json* before,
                         const Json& pod);

}  // namespace penstock::apiserver
