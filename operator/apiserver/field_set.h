#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "operator/apiserver/json.h"

namespace penstock::apiserver {

// A set of paths into an object, as a tree: what FieldsV1 holds. Keys are path elements: "f:name",
// `k:{"name":"a"}` (an item of a list that is a map), `v:"x"` (a member of a set).
struct FieldSet {
  bool member = false;  // this very path belongs to the set
  std::map<std::string, FieldSet> children;

  bool empty() const { return !member && children.empty(); }
  friend bool operator==(const FieldSet&, const FieldSet&) = default;
};

// The schema of metadata's parts that people own; the rest of metadata is the server's.
const Json& metadata_schema();

FieldSet field_set_from(const Json& fields_v1);
Json to_json(const FieldSet& set);

FieldSet join(const FieldSet& a, const FieldSet& b);
FieldSet without(const FieldSet& a, const FieldSet& b);
FieldSet common(const FieldSet& a, const FieldSet& b);
// The set and every path above one of its members.
FieldSet with_parents(const FieldSet& set);
// Every member as Kubernetes writes it: `.spec.sinks[name="a"].url`.
std::vector<std::string> paths_of(const FieldSet& set);

// The fields that an apply of `object` claims. metadata's server-side members are left out.
FieldSet applied_fields(const Json& object, const Json& schema);

struct FieldChanges {
  FieldSet written;  // added or modified
  FieldSet removed;
};
// What differs between two versions of an object.
FieldChanges compare(const Json& before, const Json& after, const Json& schema);

// `object` with the fields of `patch` laid over it, list items merged by their keys.
Json merge_applied(Json object, const Json& patch, const Json& schema);

// `object` without the values at the members of `set`.
Json remove_fields(Json object, const FieldSet& set, const Json& schema);

// Fields of `object` that a pruning schema does not declare: ".spec.nope".
std::vector<std::string> undeclared_fields(const Json& object, const Json& schema);

}  // namespace penstock::apiserver
