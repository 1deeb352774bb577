#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/result.h"

namespace penstock {

// What the log of a job holds; each record is one JSON document under "log/00000042". Plain values.

struct JobIdentity {
  std::string name;
  std::string uid;  // of the StreamJob; empty on a command line
  friend bool operator==(const JobIdentity&, const JobIdentity&) = default;
};

// A process takes the job. Its record number is the epoch of that process. Record 0 is a claim too
// and draws the log's id.
struct ClaimRecord {
  JobIdentity job;
  std::string log_id;  // 16 hex digits, the same in all records of a log
  std::string host;
  std::int64_t pid = 0;
  Millis at = 0;
  std::string nonce{};  // tells this claim from any other when an outcome is unknown
  // Where its control service listens ("10.1.2.3:7000"), so that a follower can tell whether it
  // lives; empty: nowhere.
  std::string address{};
  friend bool operator==(const ClaimRecord&, const ClaimRecord&) = default;
};

// A block within a file: one key group of one operator's state, as encode_unit wrote it.
struct StateBlock {
  std::string operator_name;
  KeyGroup group{};
  std::string file;  // name in the store
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  friend bool operator==(const StateBlock&, const StateBlock&) = default;
};

// How an operator's state was laid out; types as Type::to_string writes them.
struct StateDescription {
  std::string operator_name;
  std::string state_name;
  std::vector<std::string> key;
  std::vector<std::string> value;
  friend bool operator==(const StateDescription&, const StateDescription&) = default;
};

struct SplitRecord {
  std::string operator_name;
  std::string id;
  std::string position;
  Millis watermark = kNoWatermark;
  bool finished = false;
  friend bool operator==(const SplitRecord&, const SplitRecord&) = default;
};

// Written, prepared, and not known to be committed when this was published.
struct CommittableRecord {
  std::string operator_name;
  std::string text;
  friend bool operator==(const CommittableRecord&, const CommittableRecord&) = default;
};

// The key-group table that was in force at the barrier: the same for all chains of the job but
// pinned ones, which are even over their parallelism.
struct TableRecord {
  std::uint64_t version = 0;
  std::uint32_t parallelism = 1;
  std::vector<std::uint32_t> owners;
  friend bool operator==(const TableRecord&, const TableRecord&) = default;
};

// "pid 12 on host a".
inline std::string name_of_process(const ClaimRecord& claim) {
  return "pid " + std::to_string(claim.pid) + " on host " + claim.host;
}

struct PublicationRecord {
  std::string log_id;
  RecordNumber epoch{};  // of the process that wrote it
  CheckpointId checkpoint{};
  bool savepoint = false;
  std::string start{};  // JobOptions::start_name of the process
  Millis at = 0;
  Millis duration = 0;          // from trigger to publication
  std::uint64_t new_bytes = 0;  // uploaded by this checkpoint
  std::vector<StateDescription> states;
  std::vector<StateBlock> blocks;  // the whole state, old files included
  std::vector<SplitRecord> splits;
  std::vector<CommittableRecord> committables;
  TableRecord table;
  // What its process did at its barrier: it went on, it stood still and waits for a successor, or
  // it was ordered to end.
  enum class Then : std::uint8_t { kGoesOn, kHandsOver, kEnds } then = Then::kGoesOn;
  friend bool operator==(const PublicationRecord&, const PublicationRecord&) = default;
};

using Record = std::variant<ClaimRecord, PublicationRecord>;

// A JSON document with a checksum over the record in it.
std::string encode_record(const Record& record);
// kCorrupt with what is wrong; never crashes on any bytes.
Result<Record> decode_record(std::string_view text);

}  // namespace penstock
