#include "tests/faults/stories.h"

#include "operator/k8s/resource.h"

namespace penstock::faults {
namespace {

void create(Scene& scene) { scene.create_job(); }
void grow(Scene& scene) { scene.change_spec({{"parallelism", 4}}); }
void shrink(Scene& scene) { scene.change_spec({{"parallelism", 1}}); }
void suspend(Scene& scene) { scene.change_spec({{"state", "Suspended"}}); }
void resume(Scene& scene) { scene.change_spec({{"state", "Running"}}); }
void restart(Scene& scene) { scene.change_spec({{"restartNonce", 1}}); }
void change_image(Scene& scene) { scene.change_spec({{"image", "penstock:next"}}); }
constexpr const char* kOtherSql =
    "CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen');"
    "CREATE TABLE sink (n BIGINT) WITH ('connector' = 'blackhole');"
    "INSERT INTO sink SELECT n + 1 FROM numbers;";
void change_sql(Scene& scene) { scene.change_spec({{"sql", kOtherSql}}); }
void change_sql_with_savepoint(Scene& scene) {
  scene.change_spec({{"sql", kOtherSql}, {"upgrade", {{"mode", "Savepoint"}}}});
}
void finish(Scene& scene) { scene.end_processes(api::EndingKind::kFinished); }
void fail(Scene& scene) { scene.end_processes(api::EndingKind::kFailed); }
void evict(Scene& scene) { scene.evict_pods(); }
void delete_pods(Scene& scene) { scene.delete_pods(); }
void drop_finalizer(Scene& scene) { scene.drop_finalizer(); }
void remove(Scene& scene) { scene.delete_job(); }
void snapshot(Scene& scene) {
  scene.create(k8s::job_snapshots(), "before", {{"jobRef", {{"name", "flights"}}}});
}

}  // namespace

const std::vector<Story>& stories() {
  static const std::vector<Story> kStories = {
      {"Deploys", {create}, "Running slots 2/2 pods 1 restarts 0"},
      {"Grows", {create, grow}, "Running slots 4/4 pods 1 restarts 0"},
      {"Shrinks", {create, grow, shrink}, "Running slots 1/1 pods 1 restarts 0"},
      {"Suspends", {create, suspend}, "Suspended slots 0/0 pods 2 restarts 0 from file"},
      {"Resumes", {create, suspend, resume}, "Running slots 2/2 pods 2 restarts 0"},
      {"ResumesLarger", {create, suspend, grow, resume}, "Running slots 4/4 pods 2 restarts 0"},
      {"Upgrades", {create, change_sql}, "Running slots 2/2 pods 2 restarts 0"},
      {"UpgradesFromASavepoint",
       {create, change_sql_with_savepoint},
       "Running slots 2/2 pods 2 restarts 0"},
      {"Moves", {create, change_image}, "Running slots 2/2 pods 2 restarts 0"},
      {"Restarts", {create, restart}, "Running slots 2/2 pods 2 restarts 0"},
      {"Finishes", {create, finish}, "Finished slots 0/0 pods 1 restarts 0"},
      {"Fails", {create, fail}, "Failed slots 0/0 pods 1 restarts 0 from  error Because"},
      {"FailsAndIsRestarted", {create, fail, restart}, "Running slots 2/2 pods 2 restarts 0"},
      {"ReplacesAnEvictedPod", {create, evict}, "Running slots 2/2 pods 2 restarts 1"},
      {"ReplacesADeletedPod", {create, delete_pods}, "Running slots 2/2 pods 1 restarts 0"},
      {"GetsItsFinalizerBack", {create, drop_finalizer}, "Running slots 2/2 pods 1 restarts 0"},
      {"TakesASnapshot", {create, snapshot}, "Running slots 2/2 pods 1 restarts 0"},
      {"IsDeleted", {create, remove}, "gone"},
      {"IsDeletedWhileSuspended", {create, suspend, remove}, "gone"},
  };
  return kStories;
}

}  // namespace penstock::faults
