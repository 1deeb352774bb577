#include "operator/reconcilers/job_memory.h"

namespace penstock {

std::shared_ptr<JobMemory> JobMemories::of(const std::string& key, const std::string& uid) {
  std::scoped_lock lock(mutex_);
  std::shared_ptr<JobMemory>& memory = memories_[key];
  if (!memory || memory->uid != uid) {
    memory = std::make_shared<JobMemory>();
    memory->uid = uid;
  }
  return memory;
}

void JobMemories::forget(const std::string& key) {
  std::scoped_lock lock(mutex_);
  memories_.erase(key);
  statuses_.erase(key);
}

std::vector<std::pair<std::string, api::StreamJobStatus>> JobMemories::statuses() const {
  std::scoped_lock lock(mutex_);
  return {statuses_.begin(), statuses_.end()};
}

void JobMemories::publish(const std::string& key, const api::StreamJobStatus& status) {
  std::scoped_lock lock(mutex_);
  statuses_[key] = status;
}

}  // namespace penstock
