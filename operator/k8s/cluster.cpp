#include "operator/k8s/cluster.h"

#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <utility>

#include "runtime/base/base64.h"

namespace penstock::k8s {
namespace {

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  const bool empty = in && in.peek() == std::ifstream::traits_type::eof();
  if (!empty && (!in || !(text << in.rdbuf()))) {
    return Error{Code::kUnavailable, "cannot read the file " + path};
  }
  return text.str();
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

// One named entry of a kubeconfig and the folder that its relative paths start from.
struct Entry {
  YAML::Node node;
  std::filesystem::path folder;

  std::string text(const char* key) const {
    const YAML::Node value = node[key];
    return value && value.IsScalar() ? value.Scalar() : std::string();
  }
};

struct Files {
  std::string current_context;
  std::map<std::string, Entry> clusters, users, contexts;
};

// Calls yaml-cpp; the only place where its exceptions are visible.
template <typename Call>
auto at_border(const std::string& path, Call&& call) -> std::invoke_result_t<Call> {
  try {
    return call();
  } catch (const YAML::Exception& e) {
    return Error{Code::kInvalid, "the kubeconfig " + path + " cannot be read: " + e.what()};
  }
}

void collect(const YAML::Node& root, const char* list, const char* body,
             const std::filesystem::path& folder, std::map<std::string, Entry>& into) {
  for (const YAML::Node& item : root[list]) {
    into.try_emplace(item["name"].as<std::string>(), Entry{item[body], folder});
  }
}

Status merge_file(const std::string& path, Files& files) {
  TRY_ASSIGN(const std::string text, read_file(path));
  return at_border(path, [&]() -> Status {
    const YAML::Node root = YAML::Load(text);
    if (!root.IsMap()) return Error{Code::kInvalid, "the kubeconfig " + path + " is no mapping"};
    const auto folder = std::filesystem::absolute(path).parent_path();
    if (files.current_context.empty() && root["current-context"]) {
      files.current_context = root["current-context"].as<std::string>();
    }
    collect(root, "clusters", "cluster", folder, files.clusters);
    collect(root, "users", "user", folder, files.users);
    collect(root, "contexts", "context", folder, files.contexts);
    return ok();
  });
}

Status refuse(const Entry& entry, const std::string& where,
              std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (entry.node[key]) {
      return Error{Code::kInvalid, "NotImplemented: the kubeconfig's " + where + " uses " + key +
                                       "; use a token or a client certificate"};
    }
  }
  return ok();
}

std::string without_spaces(std::string text) {
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
  return text;
}

Result<Material> material(const Entry& entry, const char* file_key, const char* data_key) {
  Material out;
  if (const std::string data = entry.text(data_key); !data.empty()) {
    auto decoded = decode_base64(without_spaces(data));
    if (!decoded)
      return Error{Code::kInvalid, std::string("the kubeconfig's ") + data_key + " is no base64"};
    out.text = std::move(*decoded);
  } else if (const std::string file = entry.text(file_key); !file.empty()) {
    out.file = (entry.folder / file).string();
  }
  return out;
}

Result<const Entry*> find(const std::map<std::string, Entry>& entries, const std::string& kind,
                          const std::string& name) {
  const auto found = entries.find(name);
  if (found == entries.end()) {
    return Error{Code::kInvalid, "the kubeconfig has no " + kind + " named '" + name + "'"};
  }
  return &found->second;
}

Result<Cluster> choose(const Files& files, const std::string& context_name) {
  TRY_ASSIGN(const Entry* context, find(files.contexts, "context", context_name));
  TRY_ASSIGN(const Entry* server, find(files.clusters, "cluster", context->text("cluster")));
  TRY(refuse(*server, "cluster", {"proxy-url", "tls-server-name"}));
  Cluster out;
  out.server = server->text("server");
  if (out.server.empty()) return Error{Code::kInvalid, "the kubeconfig's cluster has no server"};
  out.skip_verification = server->text("insecure-skip-tls-verify") == "true";
  TRY_ASSIGN(out.authority,
             material(*server, "certificate-authority", "certificate-authority-data"));
  out.name_space = context->text("namespace");
  if (out.name_space.empty()) out.name_space = "default";
  if (context->text("user").empty()) return out;
  TRY_ASSIGN(const Entry* user, find(files.users, "user", context->text("user")));
  TRY(refuse(*user, "user", {"exec", "auth-provider", "username", "password", "as", "act-as"}));
  out.token.text = user->text("token");
  if (const std::string file = user->text("tokenFile"); !file.empty()) {
    out.token.file = (user->folder / file).string();
  }
  TRY_ASSIGN(out.client_certificate,
             material(*user, "client-certificate", "client-certificate-data"));
  TRY_ASSIGN(out.client_key, material(*user, "client-key", "client-key-data"));
  return out;
}

}  // namespace

Result<std::string> Material::read() const {
  if (file.empty()) return text;
  return read_file(file);
}

Result<Cluster> read_kubeconfig(const std::vector<std::string>& paths, std::string_view context) {
  Files files;
  for (const std::string& path : paths) TRY(merge_file(path, files));
  const std::string name = context.empty() ? files.current_context : std::string(context);
  if (name.empty()) return Error{Code::kInvalid, "the kubeconfig has no current-context"};
  return at_border(paths.front(), [&] { return choose(files, name); });
}

std::optional<Cluster> in_cluster(std::string_view folder) {
  const std::string host = environment("KUBERNETES_SERVICE_HOST");
  const std::string port = environment("KUBERNETES_SERVICE_PORT");
  const std::string base(folder);
  if (host.empty() || port.empty() || !std::filesystem::exists(base + "/token")) return {};
  const bool v6 = host.find(':') != std::string::npos;
  Cluster out;
  out.server = "https://" + (v6 ? "[" + host + "]" : host) + ":" + port;
  out.authority.file = base + "/ca.crt";
  out.token.file = base + "/token";
  const auto space = read_file(base + "/namespace");
  out.name_space = space && !space->empty() ? *space : "default";
  return out;
}

Result<Cluster> find_cluster(const std::string& kubeconfig) {
  if (!kubeconfig.empty()) return read_kubeconfig({kubeconfig});
  if (const std::string list = environment("KUBECONFIG"); !list.empty()) {
    std::vector<std::string> paths;
    std::istringstream in(list);
    for (std::string path; std::getline(in, path, ':');) {
      if (!path.empty() && std::filesystem::exists(path)) paths.push_back(path);
    }
    if (paths.empty()) {
      return Error{Code::kInvalid, "no file of $KUBECONFIG exists: " + list};
    }
    return read_kubeconfig(paths);
  }
  if (auto cluster = in_cluster()) return *cluster;
  const std::string home = environment("HOME") + "/.kube/config";
  if (std::filesystem::exists(home)) return read_kubeconfig({home});
  return Error{Code::kInvalid,
               "no cluster: give --kubeconfig FILE, set $KUBECONFIG, or run inside a Pod"};
}

}  // namespace penstock::k8s
