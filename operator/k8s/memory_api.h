#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "operator/k8s/object.h"
#include "operator/k8s/resource.h"
#include "operator/k8s/transport.h"

namespace penstock::k8s {

// What the operator's tests need of an API server, in memory: resourceVersions, uids, generations,
// subresources, merge patches, preconditions, finalizers, owners, watches with history and 410. It
// knows no schemas and validates nothing; the API server behind `up` is held to the real one.
// Any thread.
class MemoryApi {
 public:
  MemoryApi();
  ~MemoryApi();

  Response handle(const Request& request);
  // A watch: answers with anything but 200 at once, else calls `on_line` until a stop or
  // end_watches().
  Result<Response> watch(const Request& request, const Transport::OnLine& on_line,
                         const std::stop_token& stop);
  static bool is_watch(const Request& request);

  // For tests. Creates or replaces an object as somebody else would; the JSON needs only what
  // matters. Objects that are missing are ignored.
  void put(const Resource& resource, std::string_view json);
  void put_status(const Resource& resource, const ObjectKey& key, std::string_view status_json);
  void remove(const Resource& resource, const ObjectKey& key);
  // The object's JSON; empty when it is not there.
  std::string find(const Resource& resource, const ObjectKey& key) const;
  std::size_t count(const Resource& resource) const;
  ObjectList objects(const Resource& resource) const;
  // The lines that a watch from `after` would bring now, up to version `until`.
  std::vector<std::string> changes(const Resource& resource, std::uint64_t after,
                                   std::uint64_t until) const;
  std::uint64_t version() const;  // of the newest change

  // From here on a deleted Pod stays, marked, until somebody deletes it with a grace of 0.
  void end_pods_gracefully();

  void forbid(std::string_view method, const Resource& resource);  // 403 from here on
  void end_watches();                                              // every open watch ends normally
  void forget_history();           // watches from older versions get a 410
  void bookmark();                 // sends one to every watch
  void offer_streams(bool offer);  // whether watches may ask for what is there; they may at first
  void hold_events(bool hold);     // watches deliver nothing while held: a stale cache

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace penstock::k8s
