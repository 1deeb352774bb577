#include "controllers/api/crd.h"

#include "controllers/api/job_snapshot_fields.h"
#include "controllers/api/scaling_policy_fields.h"
#include "controllers/api/schema.h"
#include "controllers/api/stream_job_fields.h"
#include "controllers/api/yaml.h"
#include "runtime/base/check.h"

namespace penstock::api {
namespace {

struct Column {
  std::string_view name, type, path, doc;
  int priority = 0;
};

struct KindFacts {
  std::string_view kind, plural, singular, short_name, doc;
  bool scale = false;
  Ordered schema;
  std::vector<Column> columns;
};

// spec has defaults, status never has: what is unknown there must stay absent.
template <typename T>
Ordered kind_schema(std::string_view doc) {
  using Spec = decltype(T::spec);
  using State = decltype(T::status);
  FindsRequired required;
  describe(Type<Spec>{}, required);
  Ordered spec = object_schema(Spec{}, true);
  const bool may_be_absent = !required.found && !required.rules;
  if (may_be_absent) spec["default"] = Ordered::object();
  Ordered schema{{"description", doc}, {"type", "object"}};
  if (!may_be_absent) schema["required"] = {"spec"};
  schema["properties"] = {
      {"apiVersion", {{"type", "string"}}},      {"kind", {{"type", "string"}}},
      {"metadata", {{"type", "object"}}},        {"spec", std::move(spec)},
      {"status", object_schema(State{}, false)},
  };
  return schema;
}

constexpr std::string_view kReady = ".status.conditions[?(@.type==\"Ready\")].";

KindFacts stream_job_facts() {
  static const std::string ready = std::string(kReady) + "status";
  static const std::string reason = std::string(kReady) + "reason";
  static const std::string message = std::string(kReady) + "message";
  constexpr std::string_view kDoc = "A stream job: SQL, and the resources that it may use.";
  return {.kind = StreamJob::kKind,
          .plural = "streamjobs",
          .singular = "streamjob",
          .short_name = "sj",
          .doc = kDoc,
          .scale = true,
          .schema = kind_schema<StreamJob>(kDoc),
          .columns = {{"Phase", "string", ".status.phase", "Where the job is."},
                      {"Ready", "string", ready, "Whether it processes."},
                      {"Slots", "integer", ".status.parallelism.running", "Slots that run."},
                      {"Wanted", "integer", ".spec.parallelism", "Slots that are wanted."},
                      {"Reason", "string", reason, "Why it is ready or not."},
                      {"Checkpoint", "date", ".status.checkpoint.completedAt",
                       "Age of the newest checkpoint."},
                      {"Age", "date", ".metadata.creationTimestamp", "Age of the job."},
                      {"Engine", "string", ".status.engine", "What runs it.", 1},
                      {"Restarts", "integer", ".status.restarts", "Restarts after failures.", 1},
                      {"Message", "string", message, "Why, for people.", 1}}};
}

KindFacts scaling_policy_facts() {
  constexpr std::string_view kDoc = "How jobs that refer to it are sized by their own load.";
  return {.kind = ScalingPolicy::kKind,
          .plural = "scalingpolicies",
          .singular = "scalingpolicy",
          .short_name = "scp",
          .doc = kDoc,
          .schema = kind_schema<ScalingPolicy>(kDoc),
          .columns = {{"Mode", "string", ".spec.mode", "Whether it acts."},
                      {"Min", "integer", ".spec.minParallelism", "Never fewer slots."},
                      {"Max", "integer", ".spec.maxParallelism", "Never more slots."},
                      {"Utilization", "number", ".spec.objective.utilization", "Aimed at."},
                      {"Age", "date", ".metadata.creationTimestamp", "Age of the policy."}}};
}

KindFacts job_snapshot_facts() {
  constexpr std::string_view kDoc = "A snapshot of a job's state, taken on demand.";
  return {.kind = JobSnapshot::kKind,
          .plural = "jobsnapshots",
          .singular = "jobsnapshot",
          .short_name = "snap",
          .doc = kDoc,
          .schema = kind_schema<JobSnapshot>(kDoc),
          .columns = {{"Job", "string", ".spec.jobRef.name", "The job."},
                      {"Phase", "string", ".status.phase", "How far it is."},
                      {"Size", "integer", ".status.sizeBytes", "Bytes of state."},
                      {"URI", "string", ".status.uri", "Where it is.", 1},
                      {"Error", "string", ".status.error.message", "Why it failed.", 1},
                      {"Age", "date", ".metadata.creationTimestamp", "Age of the object."}}};
}

KindFacts facts(std::string_view kind) {
  if (kind == StreamJob::kKind) return stream_job_facts();
  if (kind == ScalingPolicy::kKind) return scaling_policy_facts();
  CHECK(kind == JobSnapshot::kKind);
  return job_snapshot_facts();
}

Ordered column_json(const Column& column) {
  Ordered json{{"name", column.name},
               {"type", column.type},
               {"jsonPath", column.path},
               {"description", column.doc}};
  if (column.priority != 0) json["priority"] = column.priority;
  return json;
}

Ordered crd(std::string_view kind) {
  KindFacts it = facts(kind);
  Ordered columns = Ordered::array();
  for (const Column& column : it.columns) columns.push_back(column_json(column));
  Ordered subresources{{"status", Ordered::object()}};
  if (it.scale)
    subresources["scale"] = {{"specReplicasPath", ".spec.parallelism"},
                             {"statusReplicasPath", ".status.parallelism.running"},
                             {"labelSelectorPath", ".status.selector"}};
  Ordered version{{"name", kVersion},
                  {"served", true},
                  {"storage", true},
                  {"additionalPrinterColumns", std::move(columns)},
                  {"subresources", std::move(subresources)},
                  {"schema", {{"openAPIV3Schema", std::move(it.schema)}}}};
  Ordered names{{"kind", it.kind},
                {"listKind", std::string(it.kind) + "List"},
                {"plural", it.plural},
                {"singular", it.singular},
                {"shortNames", Ordered::array({it.short_name})},
                {"categories", Ordered::array({"penstock"})}};
  return Ordered{{"apiVersion", "apiextensions.k8s.io/v1"},
                 {"kind", "CustomResourceDefinition"},
                 {"metadata", {{"name", std::string(it.plural) + "." + std::string(kGroup)}}},
                 {"spec",
                  {{"group", kGroup},
                   {"scope", "Namespaced"},
                   {"names", std::move(names)},
                   {"versions", Ordered::array({std::move(version)})}}}};
}

}  // namespace

std::vector<std::string_view> kinds() {
  return {StreamJob::kKind, ScalingPolicy::kKind, JobSnapshot::kKind};
}

std::string crd_json(std::string_view kind) { return crd(kind).dump(); }

std::string schema_json(std::string_view kind) { return facts(kind).schema.dump(); }

std::vector<GeneratedFile> generated_files() {
  std::vector<GeneratedFile> files;
  for (const std::string_view kind : kinds()) {
    const KindFacts it = facts(kind);
    const std::string text =
        "# Made from controllers/api by `./dev generate`; edit the field lists there.\n" +
        to_yaml(crd(kind));
    // The chart's copies are files: Helm warns of links, and tools that fetch charts drop them.
    for (const char* folder : {"crds/", "helm/penstock/files/crds/"})
      files.push_back({folder + std::string(it.plural) + ".yaml", text});
  }
  return files;
}

}  // namespace penstock::api
