#include "operator/reconcilers/restore_users.h"

#include "controllers/api/json.h"

namespace penstock {

std::set<std::string> restored_from(const ReconcileContext& context, const std::string& space,
                                    RestoreFrom which) {
  std::set<std::string> in_use;
  for (const k8s::Object& object : context.stores.jobs.all()) {
    if (object.key().space != space) continue;
    // Most jobs restore from nothing: only what may is read.
    const std::string& text = object.text();
    const bool may = text.find("\"restoreFrom\"") != std::string::npos ||
                     text.find("\"savepoint\"") != std::string::npos;
    if (!may) continue;
    if (const auto job = api::parse<api::StreamJob>(text)) add_in_use(*job, which, in_use);
  }
  return in_use;
}

}  // namespace penstock
