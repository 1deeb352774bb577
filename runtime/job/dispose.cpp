#include "runtime/job/dispose.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "runtime/storage/blob_store.h"

namespace penstock {

std::string not_a_savepoint(const LogContents& contents, const JobIdentity& job,
                            std::string_view log_id) {
  if (!contents.unreadable.empty())
    return "one of its records cannot be read: " + contents.unreadable.front().error.message;
  if (contents.entries.empty()) return "it has no log";
  for (const CheckpointLog::Entry& entry : contents.entries) {
    if (const auto* claim = std::get_if<ClaimRecord>(&entry.record)) {
      if (claim->log_id == log_id) return "it is where the job keeps its checkpoints";
      if (claim->job != job) return "it is of job \"" + claim->job.name + "\"";
    } else if (!std::get<PublicationRecord>(entry.record).savepoint) {
      return "it holds checkpoints";
    }
  }
  return {};
}

Status dispose_savepoint(BlobStore& store, const JobIdentity& job, std::string_view log_id) {
  TRY_ASSIGN(const std::vector<std::string> files, store.list("state/"));
  TRY_ASSIGN(std::vector<std::string> records, store.list("log/"));
  if (files.empty() && records.empty()) return ok();
  TRY_ASSIGN(const LogContents contents, inspect_log(store));
  if (const std::string why = not_a_savepoint(contents, job, log_id); !why.empty())
    return Error{Code::kInvalid,
                 "not deleted, " + store.uri() + " is no savepoint of this job: " + why};
  const std::string claim = records.front();
  std::ranges::reverse(records);
  records.pop_back();
  for (const std::string& name : records) TRY(store.remove(name));
  for (const std::string& name : files) TRY(store.remove(name));
  return store.remove(claim);
}

Status dispose_savepoint(const std::string& uri, const JobIdentity& job, std::string_view log_id) {
  const auto store = open_existing_blob_store(uri);
  if (!store && store.error().code == Code::kNotFound) return ok();
  if (!store) return store.error();
  return dispose_savepoint(**store, job, log_id);
}

}  // namespace penstock
