#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/checkpoint/log.h"
#include "runtime/exec/deployment.h"
#include "runtime/job/job.h"
#include "runtime/job/state_image.h"

namespace penstock {

// Names of states as a publication records them.
std::vector<StateDescription> describe_states(const StreamGraph& graph);

// Why recorded state cannot be taken over, one line each; empty when all of it fits. New state
// starts empty and is no misfit. Pure.
std::vector<std::string> misfits(const PublicationRecord& recorded, const StreamGraph& graph);

// The table to start with: `recorded` (if any) unless another parallelism was asked for. kInvalid
// when the number of key groups changed. Pure.
Result<KeyGroupTable> choose_table(const TableRecord* recorded, const JobOptions& options,
                                   std::optional<Parallelism> wanted);

// What a job starts from: read wholly, checked, in memory.
struct Restored {
  std::optional<PublicationRecord> publication;  // nothing: start afresh
  RecordNumber number{};                         // of the publication
  std::vector<PublicationRecord> passed_over;    // newer and damaged, newest first
  RestoredState state;
  std::string from;  // for people; empty when afresh
};

// kInvalid, naming them, where there are misfits and they are not allowed.
Status refuse_misfits(const RestoreRequest& request, const PublicationRecord& publication);
// The newest publication of `history` in `store` whose state can be read. `image` may hold some of
// it already.
Result<Restored> restore_newest(const RestoreRequest& request, BlobStore& store,
                                const std::vector<CheckpointLog::Entry>& history,
                                StateImage& image);
// The publication that JobOptions::from_uri names. Its files are all of the state: the first
// checkpoint after it is a full one.
Result<Restored> restore_from_uri(const RestoreRequest& request);

}  // namespace penstock
