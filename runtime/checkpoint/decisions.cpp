#include <algorithm>
#include <set>

#include "runtime/checkpoint/file_name.h"
#include "runtime/checkpoint/log.h"

namespace penstock {
namespace {

// Newest first.
std::vector<const PublicationRecord*> publications_of(
    const std::vector<CheckpointLog::Entry>& history) {
  std::vector<const CheckpointLog::Entry*> entries;
  for (const CheckpointLog::Entry& entry : history)
    if (std::holds_alternative<PublicationRecord>(entry.record)) entries.push_back(&entry);
  std::ranges::sort(entries, std::greater{}, &CheckpointLog::Entry::number);
  std::vector<const PublicationRecord*> publications;
  for (const auto* entry : entries)
    publications.push_back(&std::get<PublicationRecord>(entry->record));
  return publications;
}

std::string named(const PublicationRecord& publication) {
  return "checkpoint " + std::to_string(publication.checkpoint.value);
}

}  // namespace

RestoreChoice choose_restore(const std::vector<CheckpointLog::Entry>& history, FileIsSound is_sound,
                             const void* context) {
  RestoreChoice choice;
  for (const PublicationRecord* publication : publications_of(history)) {
    if (!is_sound(context, *publication)) {
      choice.passed_over.push_back(publication);
      continue;
    }
    choice.publication = publication;
    choice.reason = choice.passed_over.empty()
                        ? "newest published: " + named(*publication)
                        : "fell back to " + named(*publication) + ": " +
                              named(*choice.passed_over.front()) + " is damaged";
    return choice;
  }
  choice.reason = choice.passed_over.empty()
                      ? "nothing was published"
                      : "none of " + std::to_string(choice.passed_over.size()) +
                            " published checkpoints is sound";
  return choice;
}

std::vector<std::string> choose_garbage(const std::vector<CheckpointLog::Entry>& history,
                                        const std::vector<std::string>& files,
                                        std::string_view log_id, RecordNumber epoch,
                                        std::size_t retained) {
  const std::vector<const PublicationRecord*> publications = publications_of(history);
  const CheckpointId newest = publications.empty() ? CheckpointId{} : publications[0]->checkpoint;
  std::set<std::string_view> referred;
  for (std::size_t i = 0; i < publications.size() && i < std::max<std::size_t>(retained, 1); ++i)
    for (const StateBlock& block : publications[i]->blocks) referred.insert(block.file);

  const auto is_garbage = [&](const std::string& name) {
    if (name.starts_with("log/") || referred.contains(name)) return false;
    const auto owner = owner_of_file(name);
    if (!owner || owner->log_id != log_id || owner->epoch > epoch) return false;
    // Files of this process above the newest publication belong to a checkpoint that is under way.
    return owner->epoch < epoch || owner->checkpoint <= newest;
  };
  std::vector<std::string> garbage;
  std::ranges::copy_if(files, std::back_inserter(garbage), is_garbage);
  return garbage;
}

}  // namespace penstock
