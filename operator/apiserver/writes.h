#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "operator/apiserver/failure.h"
#include "operator/apiserver/json.h"
#include "operator/apiserver/kinds.h"
#include "operator/apiserver/request.h"
#include "runtime/base/ids.h"

namespace penstock::apiserver {

// What the rules about writes need to know beside the objects. Pure functions over values.
struct WriteContext {
  const KindDefinition& kind;
  const WriteOptions& options;
  std::string name_space;
  std::string name;  // from the address; empty for POST
  std::string subresource;
  std::string uid;          // for a new object
  std::string name_suffix;  // random, for generateName
  Millis now = 0;
  bool is_patch = false;
  bool is_apply = false;  // managedFields are already right
};

struct Prepared {
  Json object;
  std::vector<std::string> warnings;
  bool unchanged = false;    // nothing is to be written
  bool spec_changed = true;  // admission is to be asked
};

// Checks that the body is of the kind, and names what the address names.
Answer<Json> match_body(const WriteContext& context, Json body);

// A new object: pruned, defaulted, validated, with its metadata. Not yet admitted nor stored.
Answer<Prepared> prepare_create(const WriteContext& context, Json body);

// `next` in place of `old`: what the subresource may not change is put back; versions, generation,
// finalizers and ownership follow the rules of Kubernetes.
Answer<Prepared> prepare_update(const WriteContext& context, const Json& old, Json next);

// A server-side apply of `body` to `old` (null: create).
Answer<Prepared> prepare_apply(const WriteContext& context, const Json* old, Json body);

}  // namespace penstock::apiserver
