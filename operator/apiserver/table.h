#pragma once

#include <string>
#include <vector>

#include "operator/apiserver/json.h"
#include "operator/apiserver/kinds.h"
#include "runtime/base/ids.h"

namespace penstock::apiserver {

enum class Form { kObject, kTable, kMetadata };
enum class IncludeObject { kMetadata, kObject, kNone };

// The cells of one object, Name first: what kubectl get prints.
Json table_cells(const KindDefinition& kind, const Json& object, Millis now);

// {"kind":"Table",...} with a row per object.
Json make_table(const KindDefinition& kind, const std::vector<const Json*>& objects,
                const Json& list_metadata, IncludeObject include, Millis now);

// {"kind":"PartialObjectMetadata",...}: the metadata alone.
Json partial_metadata(const Json& object);

Json column_definitions(const KindDefinition& kind);

// The row of a bookmark: no object but its metadata.
Json bookmark_row(const KindDefinition& kind, const Json& object);

}  // namespace penstock::apiserver
