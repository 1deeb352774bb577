#include "operator/process_runner/pod_folder.h"

#include <fstream>
#include <set>
#include <sstream>

#include "operator/process_runner/volume_files.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;
using Paths = std::vector<std::pair<std::string, std::string>>;

Error config_error(const Error& error) {
  return {error.code == Code::kNotFound ? Code::kInvalid : error.code,
          "CreateContainerConfigError: " + error.message};
}

Status write_file(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.flush();
  if (!file)
    return Error{Code::kUnavailable, "CreateContainerError: cannot write " + path.string()};
  return ok();
}

std::string field_value(const PodView& pod, const std::string& path, const std::string& pod_ip) {
  if (path == "metadata.name") return pod.name;
  if (path == "metadata.namespace") return pod.name_space;
  if (path == "metadata.uid") return pod.uid;
  if (path == "status.podIP") return pod_ip;
  if (path == "status.hostIP") return "127.0.0.1";
  return {};
}

Result<std::string> value_of(const PodEnvironment& variable, const PodView& pod,
                             const std::string& pod_ip, const ReadKeys& read_keys) {
  using Source = PodEnvironment::Source;
  if (variable.source == Source::kValue) return variable.value;
  if (variable.source == Source::kField) return field_value(pod, variable.key, pod_ip);
  const bool secret = variable.source == Source::kSecretKey;
  const auto keys =
      read_keys(secret ? PodMount::Kind::kSecret : PodMount::Kind::kConfigMap, variable.object);
  if (!keys) {
    if (variable.optional && keys.error().code == Code::kNotFound) return std::string();
    return config_error(keys.error());
  }
  const auto found = keys->find(variable.key);
  if (found != keys->end()) return found->second;
  if (variable.optional) return std::string();
  return config_error({Code::kInvalid, "couldn't find key " + variable.key + " in " +
                                           (secret ? "Secret " : "ConfigMap ") + pod.name_space +
                                           "/" + variable.object});
}

bool ends_path(char c) {
  return !(std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.');
}

}  // namespace

std::string replace_paths(std::string text, const Paths& paths) {
  for (const auto& [inside, outside] : paths) {
    std::size_t at = 0;
    while ((at = text.find(inside, at)) != std::string::npos) {
      const std::size_t end = at + inside.size();
      const bool whole = (at == 0 || (ends_path(text[at - 1]) && text[at - 1] != '/')) &&
                         (end == text.size() || ends_path(text[end]));
      if (whole) text.replace(at, inside.size(), outside);
      at += whole ? outside.size() : 1;
    }
  }
  return text;
}

std::string expand_references(const std::string& text,
                              const std::map<std::string, std::string>& values) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i];
    } else if (text[i + 1] == '$') {
      out += text[i++];
    } else if (const std::size_t end = text[i + 1] == '(' ? text.find(')', i) : std::string::npos;
               end != std::string::npos) {
      const auto found = values.find(text.substr(i + 2, end - i - 2));
      out += found != values.end() ? found->second : text.substr(i, end + 1 - i);
      i = end;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<ContainerFacts> PodFolder::attempts(Millis now) const {
  std::vector<ContainerFacts> all;
  while (true) {
    const ContainerFacts facts = read_container(path_, static_cast<int>(all.size()), now);
    if (facts.state == ContainerFacts::State::kNone) return all;
    all.push_back(facts);
  }
}

std::string PodFolder::pod_ip() const {
  std::string ip;
  std::ifstream(path_ / "ip") >> ip;
  return ip;
}

Status PodFolder::set_pod_ip(const std::string& ip) {
  std::error_code failed;
  fs::create_directories(path_, failed);
  if (failed)
    return Error{Code::kUnavailable,
                 "CreateContainerError: cannot make " + path_.string() + ": " + failed.message()};
  return write_file(path_ / "ip", ip);
}

std::string PodFolder::termination_message() const {
  std::ifstream file(path_ / "termination-message");
  std::string text(4096, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

Result<ContainerLaunch> PodFolder::prepare(const PodView& pod, int attempt, const fs::path& program,
                                           const ReadKeys& read_keys) {
  std::error_code failed;
  fs::create_directories(path_ / "work", failed);
  if (failed)
    return Error{Code::kUnavailable,
                 "CreateContainerError: cannot make " + path_.string() + ": " + failed.message()};
  TRY(write_file(path_ / "termination-message", ""));

  Paths paths = {{pod.termination_message_path, (path_ / "termination-message").string()}};
  for (const PodMount& mount : pod.mounts) {
    const fs::path folder = path_ / "mounts" / mount.volume;
    fs::create_directories(folder, failed);
    paths.emplace_back(mount.path, folder.string());
  }
  // Whatever modes the files have: they are the Pod's alone.
  fs::permissions(path_ / "mounts", fs::perms::owner_all, failed);
  TRY(write_volumes(pod, read_keys));

  ContainerLaunch launch{.folder = path_,
                         .attempt = attempt,
                         .command = {program.string()},
                         .working_directory = path_ / "work"};
  std::map<std::string, std::string> values;
  for (const PodEnvironment& variable : pod.environment) {
    TRY_ASSIGN(const std::string value, value_of(variable, pod, pod_ip(), read_keys));
    values[variable.name] = replace_paths(expand_references(value, values), paths);
  }
  launch.environment.assign(values.begin(), values.end());
  for (const auto& [name, value] : {std::pair<std::string, std::string>{"PATH", "/usr/bin:/bin"},
                                    {"HOME", launch.working_directory.string()},
                                    {"HOSTNAME", pod.name}})
    if (!values.contains(name)) launch.environment.emplace_back(name, value);

  std::vector<std::string> words = pod.command;
  words.insert(words.end(), pod.args.begin(), pod.args.end());
  // The image's entrypoint is the program itself, so a command may name it or leave it out.
  const std::size_t first =
      !pod.command.empty() && fs::path(pod.command[0]).filename() == "penstock" ? 1 : 0;
  if (first == 0 && !pod.command.empty())
    return Error{Code::kInvalid, "StartError: exec: \"" + pod.command[0] +
                                     "\": executable file not found in the image"};
  for (std::size_t i = first; i < words.size(); ++i)
    launch.command.push_back(replace_paths(expand_references(words[i], values), paths));
  return launch;
}

Status PodFolder::write_volumes(const PodView& pod, const ReadKeys& read_keys) {
  for (const PodMount& mount : pod.mounts) {
    if (mount.kind == PodMount::Kind::kEmptyDir) continue;
    auto keys = read_keys(mount.kind, mount.object);
    const bool absent = !keys && keys.error().code == Code::kNotFound;
    if (absent && mount.optional) keys = std::map<std::string, std::string>();
    if (!keys) return config_error(keys.error());
    const auto files = volume_files(mount, *keys);
    if (!files) return config_error(files.error());
    TRY(write_volume(path_ / "mounts" / mount.volume, *files));
  }
  return ok();
}

void PodFolder::remove() {
  // Out of the way first: a keeper that writes down an end meanwhile would keep the folder there.
  const fs::path gone = path_.string() + ".gone";
  std::error_code ignored;
  fs::rename(path_, gone, ignored);
  fs::remove_all(gone, ignored);
}

}  // namespace penstock
