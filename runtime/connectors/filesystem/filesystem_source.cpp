#include "runtime/connectors/filesystem/filesystem_source.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>
#include <tuple>

#include "runtime/connectors/filesystem/line_reader.h"
#include "runtime/connectors/options.h"
#include "runtime/formats/format.h"
#include "runtime/formats/utf8_check.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytesAtOnce = 8u << 20;  // of lines in one batch

// "<byte offset>,<lines before it>"; empty: from the start.
std::string write_position(const LineReader::Position& position) {
  return std::to_string(position.offset) + "," + std::to_string(position.line);
}

Result<LineReader::Position> parse_position(std::string_view text) {
  LineReader::Position position;
  if (text.empty()) return position;
  const char* const end = text.data() + text.size();
  const auto offset = std::from_chars(text.data(), end, position.offset);
  if (offset.ec == std::errc{} && offset.ptr != end && *offset.ptr == ',') {
    const auto line = std::from_chars(offset.ptr + 1, end, position.line);
    if (line.ec == std::errc{} && line.ptr == end) return position;
  }
  return Error{Code::kCorrupt, "not a position in a file: \"" + std::string(text) + "\""};
}

class FileReader final : public SplitReader {
 public:
  FileReader(std::string path, std::string format, LineReader lines,
             std::unique_ptr<RowDecoder> decoder)
      : path_(std::move(path)),
        format_(std::move(format)),
        lines_(std::move(lines)),
        decoder_(std::move(decoder)) {}

  Result<ReadResult> read(std::size_t max_rows) override {
    const std::uint64_t start = lines_.position().offset;
    ReadResult result;
    while (decoder_->rows() < max_rows && lines_.position().offset - start < kMostBytesAtOnce) {
      TRY_ASSIGN(const auto line, lines_.next());
      if (!line) {
        result.state = ReadResult::State::kEnd;
        break;
      }
      if (lines_.position().line == 1 && decoder_->has_header()) continue;
      if (const Status added = decoder_->append(*line); !added) return undecodable(added.error());
    }
    result.batch = decoder_->finish();
    return result;
  }

  std::string position() const override { return write_position(lines_.position()); }
  std::uint64_t undecodable_rows() const override { return decoder_->skipped_rows(); }

 private:
  Error undecodable(Error error) const {
    error.message += "; option '" + format_ +
                     ".ignore-parse-errors' = 'true' skips and counts rows that cannot be decoded";
    return error.within(path_ + ":" + std::to_string(lines_.position().line));
  }

  const std::string path_;
  const std::string format_;
  LineReader lines_;
  const std::unique_ptr<RowDecoder> decoder_;
};

bool is_ignored(std::string_view name) { return name.starts_with('.') || name.starts_with('_'); }

struct FoundFile {
  std::string name;  // relative to the table's path
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;
  friend bool operator<(const FoundFile& a, const FoundFile& b) {
    return std::tie(a.seconds, a.nanos, a.name) < std::tie(b.seconds, b.nanos, b.name);
  }
};

Result<FoundFile> facts_of(const std::string& path, std::string name) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) return file_error("cannot read", path, errno);
  return FoundFile{std::move(name), facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec};
}

// Everything to read below `directory`.
Result<std::vector<FoundFile>> find_files(const std::string& directory) {
  std::vector<FoundFile> files;
  std::error_code failed;
  fs::recursive_directory_iterator at(directory, failed);
  for (; !failed && at != fs::end(at); at.increment(failed)) {
    const std::string path = at->path().string();
    std::error_code unknown;
    const bool is_directory = at->is_directory(unknown);
    if (is_ignored(at->path().filename().string())) {
      if (is_directory) at.disable_recursion_pending();
      continue;
    }
    if (is_directory) continue;
    // Names are kept in checkpoints as text; one that changed on the way would be read twice.
    if (!is_utf8(path))
      return Error{Code::kInvalid, "the name of this file is not UTF-8, rename it: " + path};
    auto file = facts_of(path, path.substr(directory.size() + 1));
    if (!file && file.error().code == Code::kNotFound) continue;  // gone meanwhile
    if (!file) return file.error();
    files.push_back(std::move(file).value());
  }
  if (failed) return file_error("cannot list", directory, failed.value());
  std::sort(files.begin(), files.end());
  return files;
}

class FilesystemSource final : public Source {
 public:
  FilesystemSource(const SourceSpec& spec, std::string path, std::string format,
                   std::optional<Duration> monitor_interval)
      : table_(spec.table),
        options_(spec.options),
        declared_(spec.declared),
        columns_(spec.columns),
        path_(std::move(path)),
        format_(std::move(format)),
        monitor_interval_(monitor_interval) {}

  bool bounded() const override { return !monitor_interval_; }
  std::optional<Duration> monitor_interval() const override { return monitor_interval_; }

  Result<std::vector<Split>> discover() override {
    std::error_code unknown;
    if (!fs::exists(path_, unknown)) {
      if (monitor_interval_) return std::vector<Split>{};  // it may come
      return Error{Code::kInvalid, "option 'path' of table " + table_ +
                                       ": there is no such file or directory: " + path_};
    }
    std::vector<Split> splits;
    if (!fs::is_directory(path_, unknown)) {
      splits.push_back({.id = fs::path(path_).filename().string()});
      return splits;
    }
    TRY_ASSIGN(const std::vector<FoundFile> files, find_files(path_));
    for (const FoundFile& file : files) splits.push_back({.id = file.name});
    return splits;
  }

  Result<std::unique_ptr<SplitReader>> open(const Split& split) override {
    std::error_code unknown;
    const std::string path = fs::is_directory(path_, unknown) ? path_ + "/" + split.id : path_;
    TRY_ASSIGN(const LineReader::Position start, parse_position(split.position));
    TRY_ASSIGN(LineReader lines, LineReader::open(path, start));
    TRY_ASSIGN(std::unique_ptr<RowDecoder> decoder,
               make_decoder(format_, options_, declared_, columns_));
    return std::unique_ptr<SplitReader>(
        std::make_unique<FileReader>(path, format_, std::move(lines), std::move(decoder)));
  }

 private:
  const std::string table_;
  const Options options_;
  const Schema declared_;
  const std::vector<std::size_t> columns_;
  const std::string path_;
  const std::string format_;
  const std::optional<Duration> monitor_interval_;
};

}  // namespace

Result<std::unique_ptr<Source>> make_filesystem_source(const SourceSpec& spec) {
  const OptionReader options(spec.table, spec.connector, spec.options);
  TRY_ASSIGN(const std::string uri, options.required("path"));
  Result<std::string> path = local_path(uri);
  if (!path) return options.invalid("path", path.error().message);
  while (path->size() > 1 && path->ends_with('/')) path->pop_back();
  TRY_ASSIGN(std::string format, options.required("format"));
  TRY_ASSIGN(const auto monitor_interval, options.duration("source.monitor-interval"));
  if (monitor_interval && *monitor_interval <= Duration{})
    return options.invalid("source.monitor-interval", "expected a duration above zero");
  // Made once now, so that a wrong format option is told before the job starts.
  const auto decoder = make_decoder(format, spec.options, spec.declared, spec.columns);
  if (!decoder) return decoder.error().within("table " + spec.table);
  return std::unique_ptr<Source>(std::make_unique<FilesystemSource>(
      spec, *std::move(path), std::move(format), monitor_interval));
}

}  // namespace penstock
