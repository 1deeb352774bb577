#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/checkpoint/records.h"
#include "runtime/exec/deployment.h"
#include "runtime/job/job.h"
#include "runtime/storage/blob_store.h"

namespace penstock {

struct RestoreRequest {
  const StreamGraph& graph;
  const JobOptions& options;
  const Factories& factories;
  Clock& clock;
  MemoryBudget& memory;
};

// The state of a job as publications hold it, read and decoded, and brought forward from one to the
// next by what differs. One thread; what `request` refers to outlives it.
class StateImage {
 public:
  static Result<StateImage> make(const RestoreRequest& request);

  // Bytes of `publication` that have yet to be read.
  std::uint64_t missing(const PublicationRecord& publication) const;
  // Reads what is missing. `go_on` is asked between two reads (some MiB each): kCancelled when it
  // says no. kNotFound or kCorrupt where a file is gone or damaged; what was read until then stays.
  Status fetch(BlobStore& store, const PublicationRecord& publication,
               const std::function<bool()>& go_on = {});
  // Gives away the state of `publication`, which has been fetched, with its splits.
  RestoredState take(const PublicationRecord& publication);

 private:
  struct Known {
    std::uint32_t id = 0;  // position in StreamGraph::operators
    std::vector<StateTableShape> shapes;
  };
  struct Held {
    StateBlock where;  // files are never written twice: the same place is the same state
    std::unique_ptr<StateUnit> unit;
  };
  using Place = std::pair<std::string, KeyGroup>;

  explicit StateImage(const RestoreRequest& request)
      : graph_(&request.graph), memory_(&request.memory) {}
  bool holds(const StateBlock& block) const;
  std::vector<const StateBlock*> wanted(const PublicationRecord& publication) const;
  Status read_run(BlobStore& store, const std::vector<const StateBlock*>& blocks, std::size_t first,
                  std::size_t end);

  const StreamGraph* graph_;
  MemoryBudget* memory_;
  std::map<std::string, Known> operators_;  // by name, those that keep state
  std::map<Place, Held> held_;
};

}  // namespace penstock
