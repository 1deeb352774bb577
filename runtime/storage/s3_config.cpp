#include "runtime/storage/s3_config.h"

#include <algorithm>
#include <array>

namespace penstock::s3 {
namespace {

constexpr std::string_view kScheme = "s3://";
constexpr std::string_view kWhere =
    "; set it in the environment of the process (a job's Pod has it from the Secret that "
    "spec.checkpoints.storage.secretRef names)";

bool bucket_is_legal(std::string_view bucket) {
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return bucket.size() >= 3 && bucket.size() <= 63 && std::ranges::all_of(bucket, legal) &&
         bucket.front() != '.' && bucket.front() != '-' && bucket.find("..") == bucket.npos;
}

// Parts of a key that are empty or mean another folder are spelled differently by tools.
Status check_prefix(std::string_view prefix, std::string_view uri) {
  std::size_t at = 0;
  while (at < prefix.size()) {
    const std::size_t end = std::min(prefix.find('/', at), prefix.size());
    const std::string_view part = prefix.substr(at, end - at);
    if (part.empty() || part == "." || part == "..")
      return Error{Code::kInvalid,
                   "a prefix is words between slashes, without empty ones, . and "
                   "..: " +
                       std::string(uri)};
    at = end + 1;
  }
  return ok();
}

std::optional<std::string> first_set(const Environment& environment,
                                     std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (auto value = environment(name); value && !value->empty()) return value;
  return std::nullopt;
}

// "https://host:port" of itself with or without a slash at its end.
Result<std::string> check_endpoint(std::string endpoint) {
  while (endpoint.ends_with('/')) endpoint.pop_back();
  std::string_view host = endpoint;
  for (const std::string_view scheme : {"https://", "http://"})
    if (host.starts_with(scheme)) host.remove_prefix(scheme.size());
  const bool has_scheme = host.size() < endpoint.size();
  if (has_scheme && !host.empty() && host.find_first_of("/?#@ ") == host.npos) return endpoint;
  return Error{Code::kUnavailable,
               "AWS_ENDPOINT_URL should be http(s)://host[:port], without a path"};
}

Result<std::string> needed(const Environment& environment, const char* name) {
  if (auto value = first_set(environment, {name})) return std::move(*value);
  return Error{Code::kUnavailable, std::string(name) + " is not set" + std::string(kWhere)};
}

}  // namespace

std::string Config::uri() const {
  return std::string(kScheme) + bucket + (prefix.empty() ? "" : "/" + prefix);
}

std::string Config::place() const {
  return "bucket \"" + bucket + "\" at " + (endpoint.empty() ? "AWS, region " + region : endpoint);
}

Result<Config> read_config(std::string_view uri, const Environment& environment) {
  std::string_view rest = uri;
  if (!rest.starts_with(kScheme))
    return Error{Code::kInvalid, "expected s3://bucket/prefix: " + std::string(uri)};
  rest.remove_prefix(kScheme.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  Config config{.bucket = std::string(rest.substr(0, slash))};
  if (!bucket_is_legal(config.bucket))
    return Error{Code::kInvalid,
                 "a bucket's name is 3 to 63 of a-z, 0-9, - and .: " + std::string(uri)};
  rest.remove_prefix(std::min(slash + 1, rest.size()));
  while (rest.ends_with('/')) rest.remove_suffix(1);
  TRY(check_prefix(rest, uri));
  config.prefix = rest;

  TRY_ASSIGN(config.credentials.access_key, needed(environment, "AWS_ACCESS_KEY_ID"));
  TRY_ASSIGN(config.credentials.secret_key, needed(environment, "AWS_SECRET_ACCESS_KEY"));
  config.credentials.session_token = first_set(environment, {"AWS_SESSION_TOKEN"}).value_or("");
  config.region =
      first_set(environment, {"AWS_REGION", "AWS_DEFAULT_REGION"}).value_or("us-east-1");
  config.ca_bundle = first_set(environment, {"AWS_CA_BUNDLE"}).value_or("");
  if (auto endpoint = first_set(environment, {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"})) {
    TRY_ASSIGN(config.endpoint, check_endpoint(std::move(*endpoint)));
  }
  return config;
}

}  // namespace penstock::s3
