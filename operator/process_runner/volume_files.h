#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "operator/process_runner/pod_plan.h"
#include "runtime/base/result.h"

namespace penstock {

struct VolumeFile {
  std::string content;
  unsigned mode = 0;
  friend bool operator==(const VolumeFile&, const VolumeFile&) = default;
};
using VolumeFiles = std::map<std::string, VolumeFile>;  // by path below the mount

// The files that a mount shows of its object's keys. Pure. kInvalid names a key that an item asks
// for and the object lacks, or one that is no file name.
Result<VolumeFiles> volume_files(const PodMount& mount,
                                 const std::map<std::string, std::string>& keys);

// Makes `folder` show exactly `files`. A reader sees all of the old ones or all of the new ones,
// as with a kubelet: the names are links into `..data`, a link that is replaced in one step.
// Writes nothing when they are there already. kUnavailable when the disk refuses.
Status write_volume(const std::filesystem::path& folder, const VolumeFiles& files);

}  // namespace penstock
