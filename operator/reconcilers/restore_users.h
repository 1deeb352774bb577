#pragma once

#include <set>
#include <string>

#include "controllers/lifecycle/savepoint_schedule.h"
#include "operator/reconcilers/context.h"

namespace penstock {

// Names and URIs of snapshots that jobs of a namespace start from, or would: see add_in_use.
std::set<std::string> restored_from(const ReconcileContext& context, const std::string& space,
                                    RestoreFrom which);

}  // namespace penstock
