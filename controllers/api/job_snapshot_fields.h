#pragma once

#include "controllers/api/job_snapshot.h"
#include "controllers/api/meta_fields.h"

// The field lists of job_snapshot.h.
namespace penstock::api {

inline constexpr std::size_t kUriLength = 2048;
inline constexpr Rule kUriRule{
    .rule =
        "!has(self.uri) || size(self.uri) == 0 || self.uri.startsWith('/') || "
        "self.uri.startsWith('file:///') || "
        "(self.uri.contains('://') && !self.uri.startsWith('file://'))",
    .message_expression =
        "'expected an absolute path, file:///... or s3://bucket/prefix, got ' + "
        "self.uri",
    .field_path = ".uri"};

template <typename V>
void describe(Type<NameRef>, V& v) {
  v({.name = "name",
     .doc = "Name of an object in the same namespace.",
     .required = true,
     .format = Format::kObjectName,
     .min_length = 1},
    &NameRef::name);
}

template <typename V>
void describe(Type<JobError>, V& v) {
  v({.name = "code", .doc = "Why, in one CamelCase word.", .max = 64}, &JobError::code);
  v({.name = "message", .doc = "Why, and what to do.", .max = 4096}, &JobError::message);
}

template <typename V>
void describe(Type<JobSnapshotSpec>, V& v) {
  using S = JobSnapshotSpec;
  v.rule(
      {.rule = "self == oldSelf",
       .message_expression = "'the spec of a snapshot cannot change; create another JobSnapshot'"});
  v.rule(kUriRule);
  v.rule({.rule = "!(has(self.type) && self.type == 'Checkpoint' && has(self.uri) && "
                  "size(self.uri) > 0)",
          .message_expression = "'a Checkpoint lies with the others of its job; leave uri out'",
          .field_path = ".uri"});
  v.rule(
      {.rule = "!(has(self.type) && self.type == 'Checkpoint' && has(self.retain) && "
               "self.retain == 'Delete')",
       .message_expression = "'a Checkpoint lives as long as its job retains it; leave retain out'",
       .field_path = ".retain"});
  v({.name = "jobRef", .doc = "The StreamJob to take it of.", .required = true}, &S::job_ref);
  v({.name = "type",
     .doc = "A Savepoint is a self-contained copy; a Checkpoint is the job's own, and Abandoned "
            "once the job need not retain it any more."},
    &S::type);
  v({.name = "format", .doc = "The form of its files."}, &S::format);
  v({.name = "retain", .doc = "What happens to the files when this object is deleted."},
    &S::retain);
  v({.name = "uri",
     .doc = "Where to write it; default: beside the job's checkpoints.",
     .max = kUriLength},
    &S::uri);
}

template <typename V>
void describe(Type<JobSnapshotStatus>, V& v) {
  using S = JobSnapshotStatus;
  v({.name = "observedGeneration",
     .doc = "The metadata.generation that status speaks of.",
     .always = true},
    &S::observed_generation);
  v({.name = "phase", .doc = "How far it is.", .always = true}, &S::phase);
  v({.name = "uri", .doc = "Where it is; restoreFrom.uri takes it.", .max = kUriLength}, &S::uri);
  v({.name = "sizeBytes", .doc = "Bytes of state in it."}, &S::size_bytes);
  v({.name = "checkpointId", .doc = "Its number."}, &S::checkpoint_id);
  v({.name = "completedAt", .doc = "When it was complete."}, &S::completed_at);
  v({.name = "failures", .doc = "Attempts that failed."}, &S::failures);
  v({.name = "error", .doc = "Why the last attempt failed."}, &S::error);
  v({.name = "conditions", .doc = "Conditions.", .max = 16, .list_key = "type"}, &S::conditions);
}

template <typename V>
void describe(Type<JobSnapshot>, V& v) {
  using S = JobSnapshot;
  v({.name = "metadata", .doc = ""}, &S::metadata);
  v({.name = "spec", .doc = "What to take.", .required = true}, &S::spec);
  v({.name = "status", .doc = "What became of it."}, &S::status);
}

}  // namespace penstock::api
