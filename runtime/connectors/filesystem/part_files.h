#pragma once

#include <atomic>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/exec/sink.h"

namespace penstock {

// The life of an output file: begun as ".pending-<log
// id>-<epoch>-<checkpoint>-<operator>-<subtask>-<counter>", made durable, then renamed to
// "part-..." when a checkpoint that names it has been published. What does not begin with a dot is
// committed.

// A file that is prepared, as its committable says.
struct PartFile {
  std::string directory;
  std::string pending;  // names within the directory
  std::string final;
  friend bool operator==(const PartFile&, const PartFile&) = default;
};
Committable to_committable(const PartFile& file);
// kCorrupt when the text is not one.
Result<PartFile> parse_committable(const Committable& committable);

// `checkpoint`: of a pending name the one prepared before the file was begun, of a final name the
// one that prepared it.
std::string part_name(const WriterIdentity& writer, CheckpointId checkpoint, std::uint64_t counter);

// Whether `name` is a pending file of that log, written by an epoch up to `epoch`.
bool is_pending_of(std::string_view name, std::string_view log_id, RecordNumber epoch);

// Renames pending to final and makes that durable. Idempotent; kCorrupt when neither is there.
Status commit_part(const PartFile& file);
Status withdraw_part(const PartFile& file);
// Removes the final files of that log that were prepared for `checkpoint` or a later one, but those
// named in `kept`.
Status withdraw_parts_since(const std::string& directory, std::string_view log_id,
                            CheckpointId checkpoint, const std::set<std::string>& kept);
// Removes the pending files that is_pending_of names. A directory that does not exist holds none.
Status discard_parts(const std::string& directory, std::string_view log_id, RecordNumber epoch);

}  // namespace penstock
