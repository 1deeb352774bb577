#include "controllers/admission/admission.h"
#include "controllers/admission/causes.h"

namespace penstock {

void check_uri(const std::string& uri, const std::string& path, Verdict& verdict) {
  if (uri.empty() || uri.starts_with("/") || uri.starts_with("file:///")) return;
  const std::size_t colon = uri.find("://");
  if (colon == std::string::npos || uri.starts_with("file://"))
    return invalid(verdict, path,
                   "expected an absolute path, file:///... or s3://bucket/prefix, got " + uri);
  if (uri.starts_with("s3://")) {
    if (uri.size() == 5 || uri[5] == '/')
      invalid(verdict, path, "expected a bucket's name after s3://, got " + uri);
    return;
  }
  refuse(verdict, path, "NotImplemented",
         "storage of kind " + uri.substr(0, colon) +
             " is not implemented yet; use file:///... or s3://...");
}

Verdict check(const api::JobSnapshot& next, const api::JobSnapshot* previous) {
  Verdict verdict;
  if (previous && previous->spec == next.spec) return verdict;
  if (previous)
    invalid(verdict, "spec", "the spec of a snapshot cannot change; create another JobSnapshot");
  for (api::FieldError& error : api::not_implemented(next.spec, "spec"))
    verdict.causes.push_back(std::move(error));
  check_uri(next.spec.uri, "spec.uri", verdict);
  if (next.spec.type == api::SnapshotType::kCheckpoint) {
    if (!next.spec.uri.empty())
      invalid(verdict, "spec.uri", "a Checkpoint lies with the others of its job; leave uri out");
    if (next.spec.retain == api::Retain::kDelete)
      invalid(verdict, "spec.retain",
              "a Checkpoint lives as long as its job retains it; leave retain out");
  }
  return verdict;
}

}  // namespace penstock
