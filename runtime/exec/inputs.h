#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/exec/alignment.h"
#include "runtime/exec/channel.h"
#include "runtime/exec/event.h"
#include "runtime/exec/rescale.h"
#include "runtime/exec/topology.h"

namespace penstock {

// The channels that a subtask reads, with what is known of each: its watermark, whether it stands
// at a barrier, whether it has ended. The subtask's thread only.
class Inputs {
 public:
  Inputs(const Topology& topology, ChainId chain, SubtaskIndex subtask,
         std::uint64_t handled_barrier);

  // Takes the channels of `layout`: new ones are added, those that are gone have been read to their
  // last event.
  void adopt(const Layout& layout);

  struct Rows {
    std::size_t input = 0;  // of the chain's first operator
    Batch batch;
  };
  // Reads one event. Rows are returned; control events change what the functions below say.
  struct Read {
    bool any = false;
    std::optional<Rows> rows{};
  };
  Read read();

  void announce(const Barrier& barrier);
  // The barrier that every input has reached; the caller acts on it, then calls release().
  const Barrier* aligned() const;
  void release();
  // What is on its way here; nullptr without channels.
  InflightBudget* budget() const { return budget_.get(); }
  bool aligning() const { return alignment_.aligning(); }

  // Smallest watermark over the inputs; kEndOfTime when all have ended. Never goes back.
  // kNoWatermark without channels.
  Millis watermark() const { return watermark_; }
  bool all_ended() const { return alignment_.all_ended(); }
  std::size_t size() const { return channels_.size(); }
  std::uint64_t queued_rows() const;

 private:
  struct In {
    std::shared_ptr<Channel> channel;
    std::size_t input = 0;
    Millis watermark = kNoWatermark;
  };
  void update_watermark();
  void wake_senders();

  const ChainId chain_;
  const SubtaskIndex subtask_;
  std::vector<std::pair<std::size_t, std::size_t>>
      edges_;  // number in the topology, input of the operator
  std::vector<In> channels_;
  Alignment alignment_;            // inputs numbered as channels_
  std::vector<Barrier> barriers_;  // announced or met, not handled, in order
  std::size_t next_ = 0;
  Millis watermark_ = kNoWatermark;
  std::shared_ptr<InflightBudget> budget_;
};

}  // namespace penstock
