#include "runtime/exec/chain_driver.h"

#include <utility>

namespace penstock {

ChainDriver::ChainDriver(std::vector<Stage> stages)
    : stages_(std::move(stages)), busy_(stages_.size()), watermark_(stages_.size()) {}

Status ChainDriver::deliver(std::size_t stage, std::size_t input, Batch batch) {
  failed_ = stage;
  Stage& to = stages_[stage];
  if (to.write != nullptr) {
    rows_written_ += batch.rows();
    return to.write->write(batch);
  }
  busy_[stage] = busy_any_ = true;
  return to.operate->on_batch(input, std::move(batch));
}

Status ChainDriver::advance(std::size_t stage, Millis time) {
  failed_ = stage;
  Stage& to = stages_[stage];
  if (to.write != nullptr) return ok();
  busy_[stage] = busy_any_ = true;
  watermark_[stage] = time;
  return to.operate->on_watermark(time);
}

Status ChainDriver::give(std::size_t input, Batch batch) {
  if (batch.empty()) return ok();
  if (!stages_.empty()) return deliver(0, input, std::move(batch));
  direct_ = std::move(batch);
  return ok();
}

Status ChainDriver::give_watermark(Millis time) {
  if (!stages_.empty()) return advance(0, time);
  direct_ = Watermark{time};
  return ok();
}

Status ChainDriver::give_time(Millis now) {
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    if (stages_[i].operate == nullptr) continue;
    const auto timer = stages_[i].operate->timer();
    if (!timer || *timer > now) continue;
    failed_ = i;
    busy_[i] = busy_any_ = true;
    TRY(stages_[i].operate->on_processing_time(now));
  }
  return ok();
}

Result<std::optional<ChainDriver::Output>> ChainDriver::step() {
  if (direct_) return std::exchange(direct_, std::nullopt);
  // The last busy stage goes first: what follows works off what it was given before more comes.
  for (;;) {
    std::size_t i = stages_.size();
    while (i > 0 && !busy_[i - 1]) --i;
    if (i == 0) break;
    failed_ = --i;
    const bool last = i + 1 == stages_.size();
    TRY_ASSIGN(std::optional<Batch> batch, stages_[i].operate->next());
    if (batch) {
      if (batch->empty()) continue;
      if (last) return std::optional<Output>(std::move(*batch));
      TRY(deliver(i + 1, 0, std::move(*batch)));
      continue;
    }
    busy_[i] = false;
    const auto time = std::exchange(watermark_[i], std::nullopt);
    if (!time) continue;
    if (last) return std::optional<Output>(Watermark{*time});
    TRY(advance(i + 1, *time));
  }
  busy_any_ = false;
  return std::optional<Output>();
}

std::optional<Millis> ChainDriver::timer() const {
  std::optional<Millis> earliest;
  for (const Stage& stage : stages_) {
    if (stage.operate == nullptr) continue;
    const auto timer = stage.operate->timer();
    if (timer && (!earliest || *timer < *earliest)) earliest = timer;
  }
  return earliest;
}

}  // namespace penstock
