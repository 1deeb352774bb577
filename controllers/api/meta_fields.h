#pragma once

#include "controllers/api/meta.h"

// The field lists of meta.h; included only by the .cpp files that read, write or describe.
namespace penstock::api {

template <typename V>
void describe(Type<OwnerReference>, V& v) {
  using S = OwnerReference;
  v({.name = "apiVersion", .doc = "", .always = true}, &S::api_version);
  v({.name = "kind", .doc = "", .always = true}, &S::kind);
  v({.name = "name", .doc = "", .always = true}, &S::name);
  v({.name = "uid", .doc = "", .always = true}, &S::uid);
  v({.name = "controller", .doc = ""}, &S::controller);
  v({.name = "blockOwnerDeletion", .doc = ""}, &S::block_owner_deletion);
}

template <typename V>
void describe(Type<ManagedFields>, V& v) {
  using S = ManagedFields;
  v({.name = "manager", .doc = ""}, &S::manager);
  v({.name = "operation", .doc = ""}, &S::operation);
  v({.name = "subresource", .doc = ""}, &S::subresource);
  v({.name = "fieldsV1", .doc = ""}, &S::fields);
  v({.name = "time", .doc = ""}, &S::time);
}

template <typename V>
void describe(Type<ObjectMeta>, V& v) {
  using S = ObjectMeta;
  constexpr std::size_t kMany = 1 << 20;  // the API server has bounds of its own
  v({.name = "name", .doc = ""}, &S::name);
  v({.name = "namespace", .doc = ""}, &S::name_space);
  v({.name = "uid", .doc = ""}, &S::uid);
  v({.name = "resourceVersion", .doc = ""}, &S::resource_version);
  v({.name = "generation", .doc = ""}, &S::generation);
  v({.name = "creationTimestamp", .doc = ""}, &S::creation_timestamp);
  v({.name = "deletionTimestamp", .doc = ""}, &S::deletion_timestamp);
  v({.name = "labels", .doc = "", .max = kMany}, &S::labels);
  v({.name = "annotations", .doc = "", .max = kMany}, &S::annotations);
  v({.name = "finalizers", .doc = "", .max = kMany}, &S::finalizers);
  v({.name = "ownerReferences", .doc = "", .max = kMany}, &S::owner_references);
  v({.name = "managedFields", .doc = "", .max = kMany}, &S::managed_fields);
}

template <typename V>
void describe(Type<Condition>, V& v) {
  using S = Condition;
  v({.name = "type", .doc = "What it is about.", .required = true, .max = 316, .min_length = 1},
    &S::type);
  v({.name = "status", .doc = "Whether it holds.", .required = true}, &S::status);
  v({.name = "observedGeneration",
     .doc = "The metadata.generation that it speaks of.",
     .minimum = 0},
    &S::observed_generation);
  v({.name = "lastTransitionTime", .doc = "When status changed last.", .required = true},
    &S::last_transition_time);
  v({.name = "reason", .doc = "Why, in one CamelCase word.", .required = true, .max = 1024},
    &S::reason);
  v({.name = "message", .doc = "Why, for people, and what to do.", .required = true, .max = 32768},
    &S::message);
}

}  // namespace penstock::api
