#include "controllers/desired/names.h"

#include <array>
#include <charconv>

namespace penstock {
namespace {

constexpr std::size_t kLongest = 63;  // of a label's value and a host name
constexpr std::size_t kHashDigits = 12;

std::string shortened(std::string_view job, const std::string& suffix) {
  std::string name(job);
  if (name.size() + suffix.size() > kLongest) {
    name = name.substr(0, kLongest - suffix.size() - kHashDigits - 1);
    while (!name.empty() && (name.back() == '.' || name.back() == '-')) name.pop_back();
    name += "-" + short_hash(job);
  }
  return name + suffix;
}

std::string without_end_slash(std::string uri) {
  while (uri.ends_with('/') && !uri.ends_with("://")) uri.pop_back();
  return uri;
}

}  // namespace

std::string short_hash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  std::string digits;
  for (std::size_t i = 0; i < kHashDigits; ++i, hash >>= 4) digits += "0123456789abcdef"[hash & 15];
  return digits;
}

std::string pod_name(std::string_view job, std::int64_t number) {
  return shortened(job, "-" + std::to_string(number));
}

std::int64_t pod_number(std::string_view job, std::string_view name) {
  const std::size_t dash = name.rfind('-');
  if (dash == std::string_view::npos) return -1;
  std::int64_t number = -1;
  const auto [end, error] =
      std::from_chars(name.data() + dash + 1, name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size()) return -1;
  return pod_name(job, number) == name ? number : -1;
}

std::string config_map_name(std::string_view job, std::string_view hash) {
  return shortened(job, "-" + std::string(hash));
}

std::string job_object_name(std::string_view job, const std::string& suffix) {
  return shortened(job, suffix);
}

std::string certificate_name(const api::StreamJob& job, const Installation& installation) {
  return shortened(job.metadata.name,
                   "-tls-" + short_hash(job.metadata.uid + installation.authority_id));
}

std::string engine_server_name(const api::StreamJob& job) {
  return job.metadata.uid + ".engine.penstock.dev";
}

std::map<std::string, std::string> labels_of(const api::StreamJob& job, std::string_view hash) {
  return {{std::string(kJobLabel), shortened(job.metadata.name, "")},
          {std::string(kVersionLabel), std::string(hash)},
          {std::string(kManagedByLabel), std::string(api::kManager)}};
}

std::string checkpoint_uri(const api::StreamJob& job, const Installation& installation) {
  const std::string& own = job.spec.checkpoints.storage.uri;
  const std::string base = without_end_slash(own.empty() ? installation.checkpoint_base : own);
  if (base.empty()) return "";
  const api::ObjectMeta& meta = job.metadata;
  return base + "/" + meta.name_space + "/" + meta.name + "/" + meta.uid;
}

std::string snapshot_uri(const api::StreamJob& job, const Installation& installation,
                         std::string_view name) {
  const std::string base = checkpoint_uri(job, installation);
  return base.empty() ? "" : base + "-snapshots/" + std::string(name);
}

std::string scale_selector(const api::StreamJob& job) {
  return "penstock.dev/slots-of=" + shortened(job.metadata.name, "");
}

}  // namespace penstock
