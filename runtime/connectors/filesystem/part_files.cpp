#include "runtime/connectors/filesystem/part_files.h"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "runtime/storage/posix_file.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPending = ".pending-";
constexpr std::string_view kFinal = "part-";

bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '.' || c == '-';
}

// The digits and the '-' after them, taken off the front of `name`.
std::optional<std::uint64_t> take_number(std::string_view& name) {
  std::uint64_t number = 0;
  const char* const end = name.data() + name.size();
  const auto [stop, failed] = std::from_chars(name.data(), end, number);
  if (failed != std::errc{} || stop == end || *stop != '-') return std::nullopt;
  name.remove_prefix(static_cast<std::size_t>(stop - name.data()) + 1);
  return number;
}

struct Origin {
  RecordNumber epoch{};
  CheckpointId checkpoint{};
};

// Who wrote a file of this log; nothing when it is not one.
std::optional<Origin> origin_of(std::string_view name, std::string_view prefix,
                                std::string_view log_id) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  if (!name.starts_with(log_id) || name.substr(log_id.size(), 1) != "-") return std::nullopt;
  name.remove_prefix(log_id.size() + 1);
  const auto epoch = take_number(name);
  const auto checkpoint = epoch ? take_number(name) : std::nullopt;
  if (!checkpoint) return std::nullopt;
  return Origin{{*epoch}, {*checkpoint}};
}

Status remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return ok();
  return file_error("cannot remove", path, errno);
}

// Removes the files in `directory` that `is_meant` names. A directory that does not exist holds
// none.
template <typename IsMeant>
Status remove_files(const std::string& directory, IsMeant is_meant) {
  std::error_code failed;
  fs::directory_iterator at(directory, failed);
  if (failed && failed.value() == ENOENT) return ok();
  for (; !failed && at != fs::end(at); at.increment(failed))
    if (is_meant(at->path().filename().string())) TRY(remove_file(at->path().string()));
  if (failed) return file_error("cannot list", directory, failed.value());
  return ok();
}

}  // namespace

Committable to_committable(const PartFile& file) {
  const nlohmann::json json = {
      {"directory", file.directory}, {"pending", file.pending}, {"final", file.final}};
  return {json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

Result<PartFile> parse_committable(const Committable& committable) {
  const auto json = nlohmann::json::parse(committable.text, nullptr, false);
  PartFile file;
  const std::pair<const char*, std::string*> members[] = {
      {"directory", &file.directory}, {"pending", &file.pending}, {"final", &file.final}};
  for (const auto& [name, target] : members) {
    const auto at = json.is_object() ? json.find(name) : json.end();
    if (!json.is_object() || at == json.end() || !at->is_string())
      return Error{Code::kCorrupt, "not an output file's committable: " + committable.text};
    *target = at->get_ref<const std::string&>();
  }
  return file;
}

std::string part_name(const WriterIdentity& writer, CheckpointId checkpoint,
                      std::uint64_t counter) {
  std::string name = writer.log_id + "-" + std::to_string(writer.epoch.value) + "-" +
                     std::to_string(checkpoint.value) + "-";
  for (const char c : std::string_view(writer.operator_name).substr(0, 80))
    name += is_plain(c) ? c : '_';
  return name + "-" + std::to_string(writer.subtask.value) + "-" + std::to_string(counter);
}

bool is_pending_of(std::string_view name, std::string_view log_id, RecordNumber epoch) {
  const auto origin = origin_of(name, kPending, log_id);
  return origin && origin->epoch <= epoch;
}

Status commit_part(const PartFile& file) {
  const std::string pending = file.directory + "/" + file.pending;
  const std::string final = file.directory + "/" + file.final;
  if (::rename(pending.c_str(), final.c_str()) != 0) {
    if (errno != ENOENT) return file_error("cannot commit", final, errno);
    std::error_code unknown;
    if (!fs::exists(final, unknown))
      return Error{Code::kCorrupt, "output was lost: neither " + pending + " nor " + final +
                                       " exists, though a checkpoint names it"};
  }
  return sync_directory(file.directory);
}

Status withdraw_part(const PartFile& file) {
  TRY(remove_file(file.directory + "/" + file.final));
  TRY(remove_file(file.directory + "/" + file.pending));
  std::error_code unknown;
  return fs::is_directory(file.directory, unknown) ? sync_directory(file.directory) : ok();
}

Status withdraw_parts_since(const std::string& directory, std::string_view log_id,
                            CheckpointId checkpoint, const std::set<std::string>& kept) {
  TRY(remove_files(directory, [&](const std::string& name) {
    const auto origin = origin_of(name, kFinal, log_id);
    return origin && origin->checkpoint >= checkpoint && !kept.contains(name);
  }));
  std::error_code unknown;
  return fs::is_directory(directory, unknown) ? sync_directory(directory) : ok();
}

Status discard_parts(const std::string& directory, std::string_view log_id, RecordNumber epoch) {
  return remove_files(directory,
                      [&](const std::string& name) { return is_pending_of(name, log_id, epoch); });
}

}  // namespace penstock
