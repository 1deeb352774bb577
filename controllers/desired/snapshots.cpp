#include "controllers/desired/snapshots.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "controllers/desired/names.h"

namespace penstock {
namespace {

using Json = nlohmann::json;

std::string numbered(const std::string& uri, std::int32_t number) {
  return number == 0 ? uri : uri + "-" + std::to_string(number);
}

std::string own_name(const api::JobSnapshot& snapshot) {
  return snapshot.metadata.name + "-" + short_hash(snapshot.metadata.uid);
}

// "2026-11-23T04:05:00Z" as "202611230405".
std::string digits(Millis time) {
  std::string text = api::format_time({time});
  std::erase_if(text, [](char c) { return c < '0' || c > '9'; });
  return text.substr(0, 12);
}

// The attempt that status.uri is of.
std::int32_t last_attempt(const api::JobSnapshotStatus& status) {
  return status.phase == api::SnapshotPhase::kFailed || status.phase == api::SnapshotPhase::kPending
             ? std::max(status.failures - 1, 0)
             : status.failures;
}

}  // namespace

DesiredObject build_periodic_snapshot(const api::StreamJob& job, Millis scheduled) {
  const std::string name = job_object_name(job.metadata.name, "-" + digits(scheduled));
  auto labels = labels_of(job, "");
  labels.erase(std::string(kVersionLabel));
  return {name, Json{{"apiVersion", api::kApiVersion},
                     {"kind", api::JobSnapshot::kKind},
                     {"metadata",
                      {{"name", name},
                       {"namespace", job.metadata.name_space},
                       {"labels", labels},
                       {"annotations", {{kScheduledAt, api::format_time({scheduled})}}},
                       {"finalizers", {api::kFilesFinalizer}},
                       {"ownerReferences",
                        {{{"apiVersion", api::kApiVersion},
                          {"kind", api::StreamJob::kKind},
                          {"name", job.metadata.name},
                          {"uid", job.metadata.uid},
                          {"controller", true}}}}}},
                     {"spec", {{"jobRef", {{"name", job.metadata.name}}}, {"retain", "Delete"}}}}
                    .dump()};
}

Millis scheduled_at(const api::JobSnapshot& snapshot) {
  const auto found = snapshot.metadata.annotations.find(std::string(kScheduledAt));
  if (found == snapshot.metadata.annotations.end()) return 0;
  const auto time = api::parse_time(found->second);
  return time ? time->millis : 0;
}

std::string snapshot_place(const api::JobSnapshot& snapshot, const api::StreamJob& job,
                           const Installation& installation, std::int32_t number) {
  if (!snapshot.spec.uri.empty()) return numbered(snapshot.spec.uri, number);
  const std::string uri = snapshot_uri(job, installation, own_name(snapshot));
  return uri.empty() ? "" : numbered(uri, number);
}

std::vector<std::string> places_of(const api::JobSnapshot& snapshot) {
  const api::JobSnapshotStatus& status = snapshot.status;
  if (status.uri.empty() || snapshot.spec.type == api::SnapshotType::kCheckpoint) return {};
  const std::int32_t last = last_attempt(status);
  std::string base = status.uri;
  if (const std::string end = numbered("", last); base.ends_with(end))
    base.resize(base.size() - end.size());
  std::vector<std::string> places;
  for (std::int32_t number = 0; number <= last; ++number) places.push_back(numbered(base, number));
  return places;
}

bool is_own_place(const std::string& uri, const api::JobSnapshot& snapshot,
                  const Installation& installation) {
  std::string base = installation.checkpoint_base;
  while (base.ends_with('/')) base.pop_back();
  const std::string root =
      base + "/" + snapshot.metadata.name_space + "/" + snapshot.spec.job_ref.name + "/";
  if (base.empty() || !uri.starts_with(root)) return false;
  // "<uid>-snapshots/<name>-<hash>", with the attempt's number from the second one on.
  const std::string rest = uri.substr(root.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string::npos || !rest.substr(0, slash).ends_with("-snapshots")) return false;
  const std::string name = own_name(snapshot);
  if (rest.compare(slash + 1, name.size(), name) != 0) return false;
  const std::string end = rest.substr(slash + 1 + name.size());
  return end.empty() || (end.size() > 1 && end.size() < 12 && end[0] == '-' &&
                         end.find_first_not_of("0123456789", 1) == std::string::npos);
}

std::string checkpoint_place(const api::StreamJob& job, const Installation& installation,
                             std::int64_t checkpoint) {
  return checkpoint_uri(job, installation) + "#checkpoint-" + std::to_string(checkpoint);
}

}  // namespace penstock
