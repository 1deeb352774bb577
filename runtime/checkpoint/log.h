#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/result.h"
#include "runtime/checkpoint/log_reader.h"
#include "runtime/checkpoint/records.h"
#include "runtime/storage/blob_store.h"

namespace penstock {

// The history of a job in a BlobStore: numbered records, written with put_if_absent, never changed
// (design/3: the log). One owner, one thread.
class CheckpointLog {
 public:
  // Takes the job: writes a claim with the next free number, reading on while others win, and lists
  // again after winning. `address`: see ClaimRecord. kInvalid when the store belongs to another
  // job.
  static Result<CheckpointLog> claim(BlobStore& store, const JobIdentity& job, Millis now,
                                     const std::string& address = {});
  // The same by one who has read the log already.
  static Result<CheckpointLog> claim(LogReader reader, Millis now, const std::string& address);

  const std::string& log_id() const { return log_id_; }
  RecordNumber epoch() const { return epoch_; }
  // Records below the claim that could be read, ascending: the first one, and from the newest back
  // to the kHistoryPublications-th publication; damaged ones are listed apart, with their error.
  static constexpr std::size_t kHistoryPublications = LogReader::kHistoryPublications;
  using Entry = LogEntry;
  const std::vector<Entry>& history() const { return reader_.entries(); }
  using Unreadable = UnreadableRecord;
  const std::vector<Unreadable>& unreadable() const { return reader_.unreadable(); }

  // Appends under the only number this process may write. kConflict: fenced; the message names host
  // and pid of the claim that won. An unknown outcome is resolved by reading the record back; while
  // it cannot be resolved kUnavailable, and the same call again is safe. kCancelled: certainly not
  // published, the checkpoint has failed.
  Result<RecordNumber> publish(const PublicationRecord& publication);
  // Whether another process has claimed since (reads one name). kConflict with its name when so.
  Status check_not_superseded();

 private:
  explicit CheckpointLog(LogReader reader);
  Result<bool> write_claim(RecordNumber number, Millis now, const std::string& address);

  LogReader reader_;  // as of the claim
  BlobStore* store_;
  std::string log_id_;
  RecordNumber epoch_{};
  RecordNumber next_{};
};

// As claims name it.
std::string host_name();

// A whole log, read without claiming: for `penstock snapshot`.
struct LogContents {
  std::vector<CheckpointLog::Entry> entries;  // ascending
  std::vector<CheckpointLog::Unreadable> unreadable;
};
Result<LogContents> inspect_log(BlobStore& store);
// The same where damage is an error (kCorrupt).
Result<std::vector<CheckpointLog::Entry>> read_log(BlobStore& store);

// Which publication to restore, given what is in the history and which files verify. Pure.
struct RestoreChoice {
  const PublicationRecord* publication = nullptr;     // nullptr: start afresh
  std::vector<const PublicationRecord*> passed_over;  // newer ones that are damaged, newest first
  std::string reason;
};
using FileIsSound = bool (*)(const void* context, const PublicationRecord& publication);
RestoreChoice choose_restore(const std::vector<CheckpointLog::Entry>& history, FileIsSound is_sound,
                             const void* context);

// Files that no retained publication refers to and that a process of this log and epoch may delete.
// Pure. `files` are all names in the store.
std::vector<std::string> choose_garbage(const std::vector<CheckpointLog::Entry>& history,
                                        const std::vector<std::string>& files,
                                        std::string_view log_id, RecordNumber epoch,
                                        std::size_t retained);

}  // namespace penstock
