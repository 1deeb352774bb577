#include "operator/process_runner/volume_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <sstream>

namespace penstock {
namespace {

namespace fs = std::filesystem;

constexpr const char* kData = "..data";

Error cannot_write(const fs::path& path, const std::string& why) {
  return {Code::kUnavailable, "CreateContainerError: cannot write " + path.string() + ": " + why};
}

Status check(const fs::path& path, const std::error_code& failed) {
  if (failed) return cannot_write(path, failed.message());
  return ok();
}

// What a former write left; unreadable files are told apart by their mode or content.
VolumeFiles read_files(const fs::path& folder) {
  VolumeFiles files;
  std::error_code ignored;
  for (const auto& item : fs::recursive_directory_iterator(folder, ignored)) {
    if (!item.is_regular_file(ignored)) continue;
    std::stringstream text;
    text << std::ifstream(item.path()).rdbuf();
    files[fs::relative(item.path(), folder, ignored).string()] = {
        text.str(), static_cast<unsigned>(item.status(ignored).permissions())};
  }
  return files;
}

// Its mode from the first moment: a secret is never readable to others, however briefly.
Status write_file(const fs::path& path, const VolumeFile& file) {
  std::error_code failed;
  fs::create_directories(path.parent_path(), failed);
  TRY(check(path, failed));
  const int fd = open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) return cannot_write(path, std::generic_category().message(errno));
  std::size_t written = 0;
  while (written < file.content.size()) {
    const ssize_t count = write(fd, file.content.data() + written, file.content.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    written += static_cast<std::size_t>(count);
  }
  const bool whole = written == file.content.size() && fchmod(fd, file.mode) == 0;
  const std::string why = std::generic_category().message(errno);
  close(fd);
  if (!whole) return cannot_write(path, why);
  return ok();
}

// Writes a new generation of the files and points `..data` at it.
Status replace_data(const fs::path& folder, const VolumeFiles& files) {
  std::string fresh = (folder / "..XXXXXX").string();
  if (mkdtemp(fresh.data()) == nullptr)
    return cannot_write(folder, std::generic_category().message(errno));
  for (const auto& [path, file] : files) TRY(write_file(fs::path(fresh) / path, file));
  std::error_code failed;
  const fs::path link = folder / "..data.next";
  fs::remove(link, failed);
  fs::create_directory_symlink(fs::path(fresh).filename(), link, failed);
  TRY(check(link, failed));
  fs::rename(link, folder / kData, failed);
  return check(folder / kData, failed);
}

// One link per name at the top; names that are no more, and older generations, go.
Status link_names(const fs::path& folder, const VolumeFiles& files) {
  std::error_code failed;
  std::set<std::string> names;
  for (const auto& [path, file] : files) names.insert(fs::path(path).begin()->string());
  for (const std::string& name : names) {
    if (fs::is_symlink(folder / name, failed)) continue;
    fs::remove_all(folder / name, failed);
    fs::create_symlink(fs::path(kData) / name, folder / name, failed);
    TRY(check(folder / name, failed));
  }
  const fs::path current = fs::read_symlink(folder / kData, failed);
  std::vector<fs::path> gone;
  for (const auto& item : fs::directory_iterator(folder, failed)) {
    const std::string name = item.path().filename().string();
    if (name != kData && name != current && !names.contains(name)) gone.push_back(item.path());
  }
  for (const fs::path& path : gone) fs::remove_all(path, failed);
  return ok();
}

}  // namespace

Result<VolumeFiles> volume_files(const PodMount& mount,
                                 const std::map<std::string, std::string>& keys) {
  VolumeFiles files;
  if (mount.items.empty()) {
    for (const auto& [key, value] : keys) {
      if (key.empty() || key.starts_with("..") || key == "." || key.find('/') != std::string::npos)
        return Error{Code::kInvalid, "key \"" + key + "\" of " + mount.object + " (volume " +
                                         mount.volume + ") is no file name"};
      files[key] = {value, mount.mode};
    }
    return files;
  }
  for (const PodMount::Item& item : mount.items) {
    const auto found = keys.find(item.key);
    if (found != keys.end()) {
      files[item.path] = {found->second, item.mode.value_or(mount.mode)};
    } else if (!mount.optional) {
      return Error{Code::kInvalid, "references non-existent key: " + item.key + " of " +
                                       mount.object + " (volume " + mount.volume + ")"};
    }
  }
  return files;
}

Status write_volume(const fs::path& folder, const VolumeFiles& files) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  TRY(check(folder, failed));
  const bool is_new = !fs::is_symlink(folder / kData, failed);
  if (is_new || read_files(folder / kData / "") != files) TRY(replace_data(folder, files));
  return link_names(folder, files);
}

}  // namespace penstock
