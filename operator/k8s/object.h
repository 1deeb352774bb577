#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "operator/k8s/resource.h"
#include "runtime/base/result.h"

namespace penstock::k8s {

struct ObjectMeta {
  ObjectKey key;
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;
  bool deleting = false;       // has a deletionTimestamp
  std::string controller_uid;  // of the owner reference with controller: true
  std::string controller_name;
  std::map<std::string, std::string> labels;
};

// An immutable object as the API server sent it, without managedFields (but for StreamJobs, where
// they tell who sets the parallelism). Cheap to copy; any thread.
class Object {
 public:
  // kInvalid when `json` is no JSON object with a metadata.name.
  static Result<Object> parse(std::string_view json);

  Object(ObjectMeta meta, std::string text);

  const ObjectMeta& meta() const { return state_->meta; }
  const ObjectKey& key() const { return state_->meta.key; }
  const std::string& uid() const { return state_->meta.uid; }
  const std::string& resource_version() const { return state_->meta.resource_version; }
  // Compact JSON.
  const std::string& text() const { return state_->text; }

  friend bool operator==(const Object& a, const Object& b) { return a.text() == b.text(); }

 private:
  struct State {
    ObjectMeta meta;
    std::string text;
  };
  std::shared_ptr<const State> state_;
};

struct ObjectList {
  std::vector<Object> items;
  std::string resource_version;
  std::string continue_token;  // not empty: there is more
};
Result<ObjectList> parse_list(std::string_view json);

// Versions are decimal numbers that grow; a longer one is newer. Empty is older than all.
bool version_at_least(std::string_view version, std::string_view wanted);

}  // namespace penstock::k8s
