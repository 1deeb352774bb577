#include "runtime/storage/blob_store.h"
#include "runtime/storage/file_store.h"
#include "runtime/storage/posix_file.h"

namespace penstock {

Result<std::unique_ptr<BlobStore>> open_blob_store(std::string_view uri) {
  TRY_ASSIGN(const std::string directory, local_path(uri));
  TRY_ASSIGN(std::unique_ptr<FileStore> store, FileStore::open(directory));
  return std::unique_ptr<BlobStore>(std::move(store));
}

Result<std::unique_ptr<BlobStore>> open_existing_blob_store(std::string_view uri) {
  TRY_ASSIGN(const std::string directory, local_path(uri));
  TRY_ASSIGN(std::unique_ptr<FileStore> store, FileStore::open_existing(directory));
  return std::unique_ptr<BlobStore>(std::move(store));
}

}  // namespace penstock
