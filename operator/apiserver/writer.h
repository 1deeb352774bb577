#pragma once

#include <set>
#include <string>
#include <vector>

#include "operator/apiserver/api_server.h"
#include "operator/apiserver/deletion.h"
#include "operator/apiserver/failure.h"
#include "operator/apiserver/json.h"
#include "operator/apiserver/request.h"
#include "operator/apiserver/store.h"
#include "operator/apiserver/writes.h"
#include "runtime/base/random.h"

namespace penstock::apiserver {

enum class PatchType { kMerge, kJson, kStrategic, kApply };

struct Written {
  Json object;
  int status = 200;
  std::vector<std::string> warnings;
};

// Every change of the store goes through here, one at a time: read, decide (writes.h), admit,
// store, settle what follows. Not for several threads at once.
class Writer {
 public:
  Writer(Store& store, const KindTable& kinds, Clock& clock, Admission admission,
         std::uint64_t seed)
      : store_(store),
        kinds_(kinds),
        clock_(clock),
        admission_(std::move(admission)),
        random_(seed),
        deletion_(store, kinds, clock) {}

  // Namespaces, CRD objects, and what a crash left half deleted.
  Status prepare_cluster();

  Answer<Written> create(const Route& route, const WriteOptions& options, Json body);
  Answer<Written> replace(const Route& route, const WriteOptions& options, Json body);
  Answer<Written> patch(const Route& route, const WriteOptions& options, PatchType type,
                        const Json& patch);
  Answer<Written> remove(const Route& route, const DeleteOptions& options);
  Answer<Written> remove_all(const std::vector<ObjectKey>& keys, const DeleteOptions& options);
  Answer<Written> bind_pod(const Route& route, const Json& binding);
  Answer<Written> evict(const Route& route, const Json& eviction);

 private:
  WriteContext context_of(const Route& route, const WriteOptions& options);
  Answer<Written> update(const Route& route, const WriteContext& context, const Object& old,
                         Json next);
  Answer<Written> finish(const WriteContext& context, const Object& old, Prepared prepared);
  Answer<Written> patch_scale(const Route& route, const WriteContext& context, const Object& old,
                              PatchType type, const Json& patch);
  Answer<Written> write_scale(const Route& route, const WriteContext& context, const Object& old,
                              const Json& scale);
  Answer<bool> check_namespace(const Route& route, const std::string& name);
  Answer<bool> assign(const WriteContext& context, Json& object);
  Answer<bool> admit(const WriteContext& context, const Json* old, Prepared& prepared);
  Answer<bool> check_quotas(const WriteContext& context, const Json* old, const Json& object);
  void refresh_derived();
  void collect_stale(const Change& pod, std::set<ObjectKey>& stale);
  void refresh_status(const ObjectKey& key);
  void expire_events();
  std::string new_uid();

  Store& store_;
  const KindTable& kinds_;
  Clock& clock_;
  Admission admission_;
  Random random_;
  Deletion deletion_;
  std::uint64_t events_created_ = 0;
  Revision derived_at_ = 0;  // statuses that follow from Pods are right as of here
};

ObjectKey key_of(const Route& route);

}  // namespace penstock::apiserver
