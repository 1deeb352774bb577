#include "runtime/snapshot/snapshot_command.h"

#include <iomanip>

#include "runtime/base/clock.h"
#include "runtime/base/units.h"
#include "runtime/snapshot/json_rows.h"
#include "runtime/snapshot/snapshot.h"

namespace penstock {
namespace {

constexpr char kUsage[] =
    "usage: penstock snapshot ls|verify|cat URI...\n"
    "  ls      the checkpoints of a directory\n"
    "  verify  read every file of a checkpoint and check it\n"
    "  cat     the state as JSON lines\n"
    "URI: an absolute path, file:// URI or s3://bucket/prefix (its newest checkpoint), or one "
    "record of it: file:///dir#00000042\n";

std::string padded(std::uint64_t number) {
  std::string digits = std::to_string(number);
  return digits.size() < 8 ? std::string(8 - digits.size(), '0') + digits : digits;
}

void print_job(const Snapshots& snapshots, std::ostream& out) {
  for (const CheckpointLog::Entry& entry : snapshots.log.entries) {
    const auto* claim = std::get_if<ClaimRecord>(&entry.record);
    if (claim == nullptr) continue;
    out << "job " << claim->job.name << ", log " << claim->log_id << ", " << snapshots.store->uri()
        << "\n";
    return;
  }
}

Status list_checkpoints(const Snapshots& snapshots, std::ostream& out) {
  print_job(snapshots, out);
  out << "RECORD    CHECKPOINT  TIME                      SIZE      PARALLELISM  SPLITS  KIND\n";
  for (const CheckpointLog::Entry& entry : snapshots.log.entries) {
    const auto* publication = std::get_if<PublicationRecord>(&entry.record);
    if (publication == nullptr) continue;
    out << std::left << std::setw(10) << padded(entry.number.value) << std::setw(12)
        << publication->checkpoint.value << std::setw(26) << to_rfc3339(publication->at)
        << std::setw(10) << format_bytes(static_cast<std::int64_t>(state_bytes(*publication)))
        << std::setw(13) << publication->table.parallelism << std::setw(8)
        << publication->splits.size() << (publication->savepoint ? "savepoint" : "checkpoint")
        << "\n";
  }
  if (!snapshots.log.unreadable.empty()) return snapshots.log.unreadable.front().error;
  return ok();
}

Status verify_checkpoint(const Snapshots& snapshots, std::ostream& out) {
  TRY_ASSIGN(const PublicationRecord* publication, chosen_publication(snapshots));
  const std::vector<std::string> damage = damage_of(*snapshots.store, *publication);
  for (const std::string& line : damage) out << line << "\n";
  const std::string name = "checkpoint " + std::to_string(publication->checkpoint.value);
  if (!damage.empty())
    return Error{Code::kCorrupt, name + ": " + std::to_string(damage.size()) + " of " +
                                     std::to_string(publication->blocks.size()) +
                                     " blocks are damaged"};
  out << name << ": sound, " << publication->blocks.size() << " blocks, "
      << format_bytes(static_cast<std::int64_t>(state_bytes(*publication))) << "\n";
  return ok();
}

Status print_rows(const Snapshots& snapshots, std::ostream& out) {
  TRY_ASSIGN(const PublicationRecord* publication, chosen_publication(snapshots));
  return for_each_block(*snapshots.store, *publication,
                        [&](const StateBlock& block, const UnitRows& unit) {
                          for (const TableRows& table : unit.tables)
                            out << json_lines(block.operator_name, block.group, table);
                          return ok();
                        });
}

using Command = Status (*)(const Snapshots&, std::ostream&);

Command find_command(const std::string& name) {
  if (name == "ls") return list_checkpoints;
  if (name == "verify") return verify_checkpoint;
  if (name == "cat") return print_rows;
  return nullptr;
}

}  // namespace

int snapshot_main(const std::vector<std::string>& words, std::ostream& out, std::ostream& err) {
  const Command command = words.size() < 2 ? nullptr : find_command(words[0]);
  if (command == nullptr) {
    err << kUsage;
    return 2;
  }
  int code = 0;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const Result<Snapshots> snapshots = open_snapshots(words[i]);
    const Status done = snapshots ? command(*snapshots, out) : Status(snapshots.error());
    if (done) continue;
    err << "penstock snapshot " << words[0] << ": " << done.error().message << "\n";
    code = done.error().code == Code::kInvalid && code == 0 ? 2 : 1;
  }
  return code;
}

}  // namespace penstock
