#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/result.h"
#include "runtime/checkpoint/records.h"
#include "runtime/storage/blob_store.h"

namespace penstock {

struct LogEntry {
  RecordNumber number{};
  Record record;
};
struct UnreadableRecord {
  RecordNumber number{};
  Error error;  // kCorrupt
};

// Where a record lies in the store: "log/00000042".
std::string record_name(RecordNumber number);
// Of all records, ascending.
Result<std::vector<RecordNumber>> list_records(BlobStore& store);

// Reads the log of a job, and what is added to it, without claiming. One thread.
class LogReader {
 public:
  static constexpr std::size_t kHistoryPublications = 100;

  // `store` outlives it.
  LogReader(BlobStore& store, JobIdentity job) : store_(&store), job_(std::move(job)) {}

  // All anew: the first record, and from the newest back to the kHistoryPublications-th
  // publication. kInvalid when the store belongs to another job ("... holds checkpoints of job "a";
  // use another directory"), kCorrupt when there are records and none can be read.
  Status read();
  // What was added since; true when anything was. A listing only now and then: else one read.
  Result<bool> read_on();
  // Adds the record of this number; false when there is none.
  Result<bool> read_one(RecordNumber number);

  BlobStore& store() const { return *store_; }
  const JobIdentity& job() const { return job_; }
  // Ascending; records that cannot be read are apart.
  const std::vector<LogEntry>& entries() const { return entries_; }
  const std::vector<UnreadableRecord>& unreadable() const { return unreadable_; }
  // The number after the last record, readable or not.
  RecordNumber next() const { return next_; }
  // Empty: the log has no record yet.
  std::string log_id() const;

 private:
  Status read_from(const std::vector<RecordNumber>& numbers);
  Status check_identity() const;
  void forget_old();

  BlobStore* store_;
  JobIdentity job_;
  std::vector<LogEntry> entries_;
  std::vector<UnreadableRecord> unreadable_;
  RecordNumber next_{};
  std::uint32_t looks_ = 0;  // in a row that found nothing
};

}  // namespace penstock
