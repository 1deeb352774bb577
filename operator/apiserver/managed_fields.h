#pragma once

#include <string>

#include "operator/apiserver/failure.h"
#include "operator/apiserver/json.h"

namespace penstock::apiserver {

// Who writes, how, when: one entry of metadata.managedFields.
struct FieldManager {
  std::string name;
  std::string api_version;
  std::string subresource;  // "" or "status", "scale"
  std::string time;         // RFC 3339; "" leaves it out
};

// Sets `after`'s managedFields as an update (create, PUT, patch) by `manager` leaves them: what it
// added or changed is its own, nobody else's; what it removed is nobody's.
void track_update(const Json& before, Json& after, const Json& schema, const FieldManager& manager);

// A server-side apply of `applied` to `live` (an empty object: create), before defaulting. The
// result has its managedFields. 409 with one cause per field when others own what would change,
// unless `force`.
Answer<Json> apply_fields(const Json& live, const Json& applied, const Json& schema,
                          const FieldManager& manager, bool force);

}  // namespace penstock::apiserver
