#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "controllers/api/stream_job.h"
#include "controllers/desired/installation.h"

namespace penstock {

inline constexpr std::string_view kJobLabel = "penstock.dev/job";
inline constexpr std::string_view kVersionLabel = "penstock.dev/version";
inline constexpr std::string_view kManagedByLabel = "app.kubernetes.io/managed-by";

// "<job>-<n>". Names above 63 characters are cut, with a hash of the whole in place of the end.
std::string pod_name(std::string_view job, std::int64_t number);
// The n of a name that pod_name made for `job`; -1 for another one.
std::int64_t pod_number(std::string_view job, std::string_view name);
// "<job>-<hash>".
std::string config_map_name(std::string_view job, std::string_view hash);
// "<job><suffix>", for another object of the job.
std::string job_object_name(std::string_view job, const std::string& suffix);
// "<job>-tls-<hash>" of the job's uid and the authority: an object of an earlier job of this name,
// or of an earlier authority, is another one.
std::string certificate_name(const api::StreamJob& job, const Installation& installation);
// What the certificate of the job's processes says, whatever their address.
std::string engine_server_name(const api::StreamJob& job);

std::map<std::string, std::string> labels_of(const api::StreamJob& job, std::string_view hash);

// The base of the job, or of the installation, with namespace/name/uid. Empty: neither names one.
std::string checkpoint_uri(const api::StreamJob& job, const Installation& installation);
// A place beside it for a snapshot.
std::string snapshot_uri(const api::StreamJob& job, const Installation& installation,
                         std::string_view name);

// Matches no Pod: slots are not Pods. For the scale subresource.
std::string scale_selector(const api::StreamJob& job);

// FNV-1a of `text` in hexadecimal, 12 digits. For names, not against attackers.
std::string short_hash(std::string_view text);

}  // namespace penstock
