#pragma once

#include <string>
#include <vector>

#include "operator/apiserver/failure.h"
#include "operator/apiserver/json.h"

namespace penstock::apiserver {

// Structural schemas (the OpenAPI v3 of a CRD) applied to values. Pure. apiVersion, kind and
// metadata at the top are not the schema's business: every function leaves them alone.

// Removes fields that the schema does not declare. Returns their paths ("spec.sinks[0].nope"),
// sorted.
std::vector<std::string> prune(Json& object, const Json& schema);

// Removes nulls where the schema does not allow null, so that they count as absent.
void drop_nulls(Json& object, const Json& schema);

// Fills in what is absent and has a default.
void apply_defaults(Json& object, const Json& schema);

// What is wrong with `object`, in the order and with the words of the Kubernetes API server. CEL
// rules are not run: admission has a twin of each.
std::vector<FieldError> validate(const Json& object, const Json& schema);

// The schema of a member of a value with `schema`; null when it is not declared.
const Json* member_schema(const Json* schema, const std::string& name);
// The schema of list items; null when there is none.
const Json* item_schema(const Json* schema);

// "integer", "string", ...: JSON Schema's name of a value's type.
std::string type_name(const Json& value);

}  // namespace penstock::apiserver
