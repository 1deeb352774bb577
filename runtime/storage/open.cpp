#include <cstdlib>
#include <random>

#include "runtime/storage/blob_store.h"
#include "runtime/storage/file_store.h"
#include "runtime/storage/posix_file.h"
#include "runtime/storage/s3_store.h"

namespace penstock {
namespace {

bool is_s3(std::string_view uri) { return uri.starts_with("s3://"); }

template <typename Store>
Result<std::unique_ptr<BlobStore>> as_blob_store(Result<std::unique_ptr<Store>> store) {
  if (!store) return store.error();
  return std::unique_ptr<BlobStore>(std::move(store).value());
}

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

struct S3Parts {
  s3::Config config;
  S3Store::Ports ports;
};
Result<S3Parts> s3_parts(std::string_view uri) {
  static SystemClock clock;
  TRY_ASSIGN(s3::Config config, s3::read_config(uri, environment));
  TRY_ASSIGN(auto http,
             s3::make_curl_http(std::exchange(config.credentials, {}), config.ca_bundle));
  std::random_device device;  // put ids must differ between processes
  const std::uint64_t seed = std::uint64_t{device()} << 32 | device();
  return S3Parts{std::move(config), {.http = std::move(http), .clock = clock, .seed = seed}};
}

}  // namespace

Result<std::unique_ptr<BlobStore>> open_blob_store(std::string_view uri) {
  if (is_s3(uri)) {
    TRY_ASSIGN(S3Parts parts, s3_parts(uri));
    return as_blob_store(S3Store::open(std::move(parts.config), std::move(parts.ports)));
  }
  TRY_ASSIGN(const std::string directory, local_path(uri));
  return as_blob_store(FileStore::open(directory));
}

Result<std::unique_ptr<BlobStore>> open_existing_blob_store(std::string_view uri) {
  if (is_s3(uri)) {
    TRY_ASSIGN(S3Parts parts, s3_parts(uri));
    return as_blob_store(S3Store::open_existing(std::move(parts.config), std::move(parts.ports)));
  }
  TRY_ASSIGN(const std::string directory, local_path(uri));
  return as_blob_store(FileStore::open_existing(directory));
}

}  // namespace penstock
