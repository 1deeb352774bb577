#include "runtime/snapshot/snapshot.h"

#include <charconv>
#include <functional>

namespace penstock {
namespace {

Result<UnitRows> read_block(BlobStore& store, const StateBlock& block) {
  const std::string where = "state of operator " + block.operator_name + ", key group " +
                            std::to_string(block.group.value) + ", in " + store.uri() + "/" +
                            block.file;
  const Result<std::string> bytes = store.get_range(block.file, block.offset, block.size);
  if (!bytes) return bytes.error().within(where);
  Result<UnitRows> rows = read_unit(*bytes);
  if (!rows) return rows.error().within(where);
  return rows;
}

}  // namespace

Result<Snapshots> open_snapshots(std::string_view uri) {
  Snapshots snapshots;
  const std::size_t hash = uri.rfind('#');
  if (hash != std::string_view::npos) {
    const std::string_view digits = uri.substr(hash + 1);
    RecordNumber number;
    const auto [end, failed] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number.value);
    if (failed != std::errc{} || end != digits.data() + digits.size())
      return Error{Code::kInvalid,
                   "expected a record's number behind the '#': " + std::string(uri)};
    snapshots.chosen = number;
  }
  TRY_ASSIGN(snapshots.store, open_existing_blob_store(uri.substr(0, hash)));
  TRY_ASSIGN(snapshots.log, inspect_log(*snapshots.store));
  if (snapshots.log.entries.empty() && snapshots.log.unreadable.empty())
    return Error{Code::kNotFound, "there are no checkpoints in " + snapshots.store->uri()};
  return snapshots;
}

Result<const PublicationRecord*> chosen_publication(const Snapshots& snapshots) {
  const auto& unreadable = snapshots.log.unreadable;
  for (const auto& damaged : unreadable)
    if (!snapshots.chosen || damaged.number == *snapshots.chosen)
      if (snapshots.chosen || snapshots.log.entries.empty() ||
          damaged.number > snapshots.log.entries.back().number)
        return damaged.error;
  for (std::size_t i = snapshots.log.entries.size(); i-- > 0;) {
    const CheckpointLog::Entry& entry = snapshots.log.entries[i];
    const auto* publication = std::get_if<PublicationRecord>(&entry.record);
    if (publication != nullptr && (!snapshots.chosen || entry.number == *snapshots.chosen))
      return publication;
  }
  if (!snapshots.chosen)
    return Error{Code::kNotFound, "nothing was published yet in " + snapshots.store->uri()};
  return Error{Code::kNotFound, "there is no checkpoint under record " +
                                    std::to_string(snapshots.chosen->value) + " in " +
                                    snapshots.store->uri() + "; see penstock snapshot ls"};
}

std::uint64_t state_bytes(const PublicationRecord& publication) {
  std::uint64_t bytes = 0;
  for (const StateBlock& block : publication.blocks) bytes += block.size;
  return bytes;
}

std::vector<std::string> damage_of(BlobStore& store, const PublicationRecord& publication) {
  std::vector<std::string> damage;
  for (const StateBlock& block : publication.blocks)
    if (const auto rows = read_block(store, block); !rows) damage.push_back(rows.error().message);
  return damage;
}

Status for_each_block(BlobStore& store, const PublicationRecord& publication, const UseBlock& use) {
  for (const StateBlock& block : publication.blocks) {
    TRY_ASSIGN(const UnitRows rows, read_block(store, block));
    TRY(use(block, rows));
  }
  return ok();
}

}  // namespace penstock
