#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <variant>

#include "operator/k8s/api_failure.h"
#include "operator/k8s/object.h"
#include "operator/k8s/resource.h"
#include "operator/k8s/transport.h"
#include "operator/k8s/watch_frame.h"

namespace penstock::k8s {

struct ListQuery {
  std::string space;             // empty: all namespaces
  std::string resource_version;  // empty: the newest; else not older than this
  int limit = 0;                 // 0: everything at once
  std::string continue_token;
  std::string label_selector;
};

struct WatchQuery {
  std::string space;
  std::string resource_version;
  // Brings everything that is there first, as if it had just been added, and then a Bookmark that
  // says so: a list that streams. `resource_version` is not older than what it is then; empty: the
  // newest. A server that does not offer it refuses with kInvalid.
  bool initial = false;
  int timeout_seconds = 290;
  std::string label_selector;
};

// Reads objects. Any thread; calls block.
class Reader {
 public:
  explicit Reader(Transport& transport) : transport_(transport) {}

  // kNotFound when it is not there.
  Result<Object> get(const Resource& resource, const ObjectKey& key) const;

  // One page.
  std::variant<ObjectList, Failure> list(const Resource& resource, const ListQuery& query) const;
  // All of them, page by page.
  Result<ObjectList> list_all(const Resource& resource, const std::string& space) const;

  // Calls `on_frame` in this thread until the server ends the watch (nothing), it fails, or `stop`.
  using OnFrame = std::function<void(WatchFrame frame)>;
  std::variant<std::monostate, Failure> watch(const Resource& resource, const WatchQuery& query,
                                              const OnFrame& on_frame,
                                              const std::stop_token& stop) const;

 private:
  Transport& transport_;
};

}  // namespace penstock::k8s
