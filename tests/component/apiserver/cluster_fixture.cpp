#include "tests/component/apiserver/cluster_fixture.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace penstock {

namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& variables) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!variables.contains(text.substr(0, text.find('=')))) all.push_back(text);
  }
  for (const auto& [name, value] : variables) all.push_back(name + "=" + value);
  return all;
}

// Splits at blanks; quotes keep an argument together.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  bool quoted = false, any = false;
  for (const char c : text) {
    if (c == '\'') {
      quoted = !quoted;
      any = true;
    } else if (c == ' ' && !quoted) {
      if (any) words.push_back(std::exchange(word, {}));
      any = false;
    } else {
      word += c;
      any = true;
    }
  }
  if (any) words.push_back(word);
  return words;
}

}  // namespace

CommandResult run_command(const std::vector<std::string>& command, const std::string& input,
                          const std::map<std::string, std::string>& variables) {
  static int number = 0;
  const fs::path base = fs::path(testing::TempDir()) /
                        ("command-" + std::to_string(getpid()) + "-" + std::to_string(++number));
  std::ofstream(base.string() + ".in") << input;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, (base.string() + ".in").c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, (base.string() + ".out").c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, (base.string() + ".err").c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  std::vector<std::string> arguments = command;
  std::vector<std::string> environment = environment_with(variables);
  pid_t pid = 0;
  const int failed = posix_spawnp(&pid, arguments[0].c_str(), &actions, nullptr,
                                  pointers(arguments).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  CommandResult result;
  int status = 127 << 8;
  if (failed == 0) waitpid(pid, &status, 0);
  result.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = read_file(base.string() + ".out");
  result.err = read_file(base.string() + ".err");
  for (const char* suffix : {".in", ".out", ".err"}) fs::remove(base.string() + suffix);
  return result;
}

std::string find_kubectl() {
  if (const char* named = std::getenv("PENSTOCK_KUBECTL"); named != nullptr) return named;
  std::stringstream folders(std::getenv("PATH") == nullptr ? "" : std::getenv("PATH"));
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (access((folder + "/kubectl").c_str(), X_OK) == 0) return folder + "/kubectl";
  }
  return "";
}

std::string stream_job_crd() {
  return R"json({
  "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
  "metadata": {"name": "streamjobs.penstock.dev"},
  "spec": {"group": "penstock.dev", "scope": "Namespaced",
    "names": {"plural": "streamjobs", "singular": "streamjob", "kind": "StreamJob", "listKind": "StreamJobList",
              "shortNames": ["sj"], "categories": ["penstock"]},
    "versions": [{"name": "v1alpha1", "served": true, "storage": true,
      "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.parallelism",
        "statusReplicasPath": ".status.parallelism.running", "labelSelectorPath": ".status.selector"}},
      "additionalPrinterColumns": [
        {"name": "State", "type": "string", "jsonPath": ".status.state", "description": "What the job does now"},
        {"name": "Parallelism", "type": "integer", "jsonPath": ".spec.parallelism"},
        {"name": "Ready", "type": "string", "jsonPath": ".status.conditions[?(@.type=='Ready')].status"},
        {"name": "SQL", "type": "string", "jsonPath": ".spec.sql", "priority": 1},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}],
      "schema": {"openAPIV3Schema": {"type": "object", "description": "A streaming SQL job.", "required": ["spec"],
        "properties": {
          "spec": {"type": "object", "description": "What the user wants.", "required": ["sql"], "properties": {
            "sql": {"type": "string", "minLength": 1, "description": "The statements to run."},
            "parallelism": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 720, "default": 1,
                            "description": "How many tasks run side by side."},
            "state": {"type": "string", "enum": ["Running", "Suspended"], "default": "Running"},
            "checkpoints": {"type": "object", "default": {}, "description": "How often state is saved.",
              "properties": {"interval": {"type": "string", "default": "10s"},
                             "keep": {"type": "integer", "nullable": true, "default": 3}}},
            "sinks": {"type": "array", "maxItems": 32, "x-kubernetes-list-type": "map",
              "x-kubernetes-list-map-keys": ["name"],
              "items": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string", "maxLength": 63}, "url": {"type": "string"},
                "retries": {"type": "integer", "default": 5}}}}}},
          "status": {"type": "object", "properties": {
            "state": {"type": "string"}, "selector": {"type": "string"},
            "parallelism": {"type": "object", "properties": {"running": {"type": "integer"}}},
            "conditions": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
              "items": {"type": "object", "required": ["type", "status"], "properties": {
                "type": {"type": "string"}, "status": {"type": "string"}, "reason": {"type": "string"},
                "message": {"type": "string"}, "lastTransitionTime": {"type": "string", "format": "date-time"}}}}}}}}}}]}})json";
}

Cluster::Cluster(std::string directory)
    : directory_(std::move(directory)), kubectl_(find_kubectl()) {
  fs::create_directories(directory_);
}

Status Cluster::start() {
  if (kubectl_.empty()) {
    return Error{Code::kUnavailable,
                 "kubectl was not found: put it on the PATH, or name one in PENSTOCK_KUBECTL"};
  }
  ApiServerOptions options;
  options.data_directory = directory_ + "/data";
  options.crds = {stream_job_crd()};
  options.admission = [](const std::string& object, const std::string&) {
    AdmissionVerdict verdict;
    if (object.find("DROP TABLE") != std::string::npos) {
      verdict.problems.push_back({"spec.sql", "line 1, column 1: expected INSERT, found DROP"});
    }
    return verdict;
  };
  options.find_log = [this](const LogTarget& target) -> Result<LogFile> {
    const auto found = logs.find(target.name_space + "/" + target.pod + "/" + target.container);
    if (found == logs.end() || target.previous) return Error{Code::kNotFound, "no log"};
    return LogFile{found->second, false};
  };
  TRY_ASSIGN(server_, ApiServer::start(std::move(options), clock_));
  std::ofstream(directory_ + "/kubeconfig") << server_->kubeconfig();
  return ok();
}

CommandResult Cluster::kubectl(const std::string& arguments, const std::string& input) const {
  return kubectl(words_of(arguments), input);
}

CommandResult Cluster::kubectl(const std::vector<std::string>& arguments,
                               const std::string& input) const {
  std::vector<std::string> command{kubectl_};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_command(command, input,
                     {{"KUBECONFIG", directory_ + "/kubeconfig"},
                      {"HOME", directory_},
                      {"KUBECTL_EXTERNAL_DIFF", "diff -u -N"}});
}

}  // namespace penstock
