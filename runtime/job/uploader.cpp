#include "runtime/job/uploader.h"

#include <utility>

#include "runtime/checkpoint/file_name.h"

namespace penstock {
namespace {

// Large state is written in files of about this size, so that encoding needs little memory.
constexpr std::size_t kFileBytes = 32u << 20;

}  // namespace

// Blocks that go into one file, until that is full.
class Uploader::Pack {
 public:
  Pack(Uploader& uploader, CheckpointId checkpoint, std::string operator_name,
       std::uint32_t subtask)
      : uploader_(uploader), operator_name_(std::move(operator_name)), subtask_(subtask) {
    done_.checkpoint = checkpoint;
  }

  Status add(KeyGroup group, std::string_view block) {
    pending_.push_back({.operator_name = operator_name_,
                        .group = group,
                        .offset = bytes_.size(),
                        .size = block.size()});
    bytes_ += block;
    return bytes_.size() >= kFileBytes ? flush() : ok();
  }
  Status flush() {
    if (pending_.empty()) return ok();
    const Config& config = uploader_.config_;
    const std::string name =
        "state/" + checkpoint_file_name({config.log_id, config.epoch, done_.checkpoint},
                                        operator_name_, subtask_, uploader_.counter_++);
    TRY(config.store.put_if_absent(name, bytes_));
    done_.file_sizes[name] = bytes_.size();
    done_.bytes += bytes_.size();
    for (StateBlock& block : pending_) {
      block.file = name;
      done_.blocks.push_back(std::move(block));
    }
    pending_.clear();
    bytes_.clear();
    return ok();
  }
  Uploaded take(Status status) {
    if (!status) done_.error = status.error();
    return std::move(done_);
  }

 private:
  Uploader& uploader_;
  const std::string operator_name_;
  const std::uint32_t subtask_;
  std::string bytes_;
  std::vector<StateBlock> pending_;
  Uploaded done_;
};

Uploader::Uploader(Config config)
    : config_(std::move(config)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Uploader::submit(Task task) {
  tasks_.with([&](auto& tasks) { tasks.push_back(std::move(task)); });
  gate_.notify();
}

void Uploader::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Gate::Ticket ticket = gate_.ticket();
    auto task = tasks_.with([](auto& tasks) -> std::optional<Task> {
      if (tasks.empty()) return std::nullopt;
      Task first = std::move(tasks.front());
      tasks.pop_front();
      return first;
    });
    if (!task) {
      gate_.wait(ticket, std::chrono::seconds(1), stop);
      continue;
    }
    config_.done(std::visit([this](auto& is) { return perform(is); }, *task));
  }
}

Uploaded Uploader::perform(WriteUnits& task) {
  Pack pack(*this, task.checkpoint, task.operator_name, task.subtask);
  const auto write = [&]() -> Status {
    for (FrozenUnit& frozen : task.units) {
      TRY(pack.add(frozen.group, encode_unit(*frozen.unit)));
      frozen.unit.reset();  // its memory may be needed
    }
    return pack.flush();
  };
  return pack.take(write());
}

Uploaded Uploader::perform(CopyBlocks& task) {
  std::map<std::string, std::vector<const StateBlock*>> by_operator;
  for (const StateBlock& block : task.blocks) by_operator[block.operator_name].push_back(&block);
  Uploaded all{.checkpoint = task.checkpoint};
  for (const auto& [name, blocks] : by_operator) {
    Pack pack(*this, task.checkpoint, name, 0);
    const auto copy = [&]() -> Status {
      for (const StateBlock* block : blocks) {
        TRY_ASSIGN(const std::string bytes,
                   config_.store.get_range(block->file, block->offset, block->size));
        TRY(pack.add(block->group, bytes));
      }
      return pack.flush();
    };
    Uploaded part = pack.take(copy());
    all.blocks.insert(all.blocks.end(), part.blocks.begin(), part.blocks.end());
    all.file_sizes.merge(part.file_sizes);
    all.bytes += part.bytes;
    if (part.error) all.error = part.error;
  }
  return all;
}

}  // namespace penstock
