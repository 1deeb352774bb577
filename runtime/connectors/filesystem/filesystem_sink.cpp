#include "runtime/connectors/filesystem/filesystem_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <set>

#include "runtime/connectors/filesystem/part_files.h"
#include "runtime/connectors/options.h"
#include "runtime/formats/format.h"
#include "runtime/storage/posix_file.h"

namespace penstock {
namespace {

constexpr std::size_t kWriteBytes = 1u << 20;

struct Settings {
  std::string path;
  std::string format;
  std::uint64_t file_bytes = 0;  // begin another file from this size on
  Options options;
  Schema declared;
  std::atomic<std::uint64_t> counter{0};  // of all writers: no file name is used twice
};

class FileWriter final : public SinkWriter {
 public:
  FileWriter(std::shared_ptr<Settings> settings, WriterIdentity identity,
             std::unique_ptr<RowEncoder> encoder)
      : settings_(std::move(settings)),
        identity_(std::move(identity)),
        encoder_(std::move(encoder)) {}

  // What was never prepared belongs to no checkpoint.
  ~FileWriter() override {
    for (const PendingFile& file : closed_) ::unlink(path_of(file).c_str());
    if (open_) ::unlink(path_of(*open_).c_str());
  }

  Status write(const Batch& batch) override {
    if (batch.empty()) return ok();
    if (!open_) TRY(begin_file());
    TRY(encoder_->encode(batch, buffer_));
    if (buffer_.size() >= kWriteBytes) TRY(flush());
    if (open_->size + buffer_.size() >= settings_->file_bytes) TRY(end_file());
    return ok();
  }

  Result<std::vector<Committable>> prepare(CheckpointId checkpoint) override {
    TRY(end_file());
    std::vector<Committable> prepared;
    for (const PendingFile& file : closed_)
      prepared.push_back(to_committable(
          {settings_->path, file.name, "part-" + part_name(identity_, checkpoint, file.counter)}));
    if (!closed_.empty()) TRY(sync_directory(settings_->path));
    closed_.clear();
    last_prepared_ = checkpoint;
    return prepared;
  }

 private:
  struct PendingFile {
    std::string name;
    std::uint64_t counter = 0;
    std::uint64_t size = 0;
    FileHandle handle{};
  };

  std::string path_of(const PendingFile& file) const { return settings_->path + "/" + file.name; }

  Status begin_file() {
    TRY(make_directories(settings_->path));
    const std::uint64_t counter = settings_->counter.fetch_add(1);
    PendingFile file{.name = ".pending-" + part_name(identity_, last_prepared_, counter),
                     .counter = counter};
    TRY_ASSIGN(file.handle, open_file(path_of(file), O_WRONLY | O_CREAT | O_EXCL));
    open_ = std::move(file);
    buffer_ = encoder_->header();
    return ok();
  }

  Status flush() {
    TRY(write_all(open_->handle, buffer_, path_of(*open_)));
    open_->size += buffer_.size();
    buffer_.clear();
    return ok();
  }

  // Makes the open file durable, and closes it.
  Status end_file() {
    if (!open_) return ok();
    TRY(flush());
    TRY(sync_file(open_->handle, path_of(*open_)));
    open_->handle = FileHandle();
    closed_.push_back(std::move(*open_));
    open_.reset();
    return ok();
  }

  const std::shared_ptr<Settings> settings_;
  const WriterIdentity identity_;
  const std::unique_ptr<RowEncoder> encoder_;
  CheckpointId last_prepared_{};
  std::vector<PendingFile> closed_;
  std::optional<PendingFile> open_;
  std::string buffer_;  // encoded and not yet written to the open file
};

class FilesystemSink final : public Sink {
 public:
  explicit FilesystemSink(std::shared_ptr<Settings> settings) : settings_(std::move(settings)) {}

  Result<std::unique_ptr<SinkWriter>> open(const WriterIdentity& writer) override {
    // Now, so that a directory that cannot be made is told before there are rows.
    TRY(make_directories(settings_->path));
    TRY_ASSIGN(std::unique_ptr<RowEncoder> encoder,
               make_encoder(settings_->format, settings_->options, settings_->declared));
    return std::unique_ptr<SinkWriter>(
        std::make_unique<FileWriter>(settings_, writer, std::move(encoder)));
  }
  Status commit(const Committable& committable) override {
    TRY_ASSIGN(const PartFile file, parse_committable(committable));
    return commit_part(file);
  }
  Status discard(std::string_view log_id, RecordNumber epoch) override {
    return discard_parts(settings_->path, log_id, epoch);
  }
  Result<bool> withdraw(const Committable& committable) override {
    TRY_ASSIGN(const PartFile file, parse_committable(committable));
    TRY(withdraw_part(file));
    return true;
  }
  Result<bool> withdraw_since(std::string_view log_id, CheckpointId checkpoint,
                              const std::vector<Committable>& kept) override {
    std::set<std::string> names;
    for (const Committable& committable : kept) {
      TRY_ASSIGN(const PartFile file, parse_committable(committable));
      names.insert(file.final);
    }
    TRY(withdraw_parts_since(settings_->path, log_id, checkpoint, names));
    return true;
  }

 private:
  const std::shared_ptr<Settings> settings_;
};

}  // namespace

Result<std::unique_ptr<Sink>> make_filesystem_sink(const SinkSpec& spec) {
  const OptionReader options(spec.table, spec.connector, spec.options);
  auto settings = std::make_shared<Settings>();
  TRY_ASSIGN(const std::string uri, options.required("path"));
  Result<std::string> path = local_path(uri);
  if (!path) return options.invalid("path", path.error().message);
  while (path->size() > 1 && path->ends_with('/')) path->pop_back();
  settings->path = *std::move(path);
  TRY_ASSIGN(settings->format, options.required("format"));
  TRY_ASSIGN(const auto file_bytes, options.bytes("sink.rolling-policy.file-size"));
  if (!file_bytes || *file_bytes <= 0)
    return options.invalid("sink.rolling-policy.file-size", "expected a size above zero");
  settings->file_bytes = static_cast<std::uint64_t>(*file_bytes);
  settings->options = spec.options;
  settings->declared = spec.declared;
  const auto encoder = make_encoder(settings->format, settings->options, settings->declared);
  if (!encoder) return encoder.error().within("table " + spec.table);
  return std::unique_ptr<Sink>(std::make_unique<FilesystemSink>(std::move(settings)));
}

}  // namespace penstock
