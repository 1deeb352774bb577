#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace penstock::k8s {

// A text that stands in a configuration, or a file that holds it and may be replaced by a newer
// one.
struct Material {
  std::string text;
  std::string file;
  bool empty() const { return text.empty() && file.empty(); }
  // Reads the file when there is one. kUnavailable when it cannot be read.
  Result<std::string> read() const;
};

// Where an API server is and how to prove who we are.
struct Cluster {
  std::string server;      // "https://10.0.0.1:443"
  std::string name_space;  // of the context, or of the service account; "default" otherwise
  Material authority;      // PEM
  bool skip_verification = false;
  Material token;
  Material client_certificate, client_key;  // PEM
};

// Reads kubeconfig files; the first value of a name wins. kInvalid names the file and the entry;
// what is not supported (exec plugins, proxies, impersonation, passwords) is refused.
Result<Cluster> read_kubeconfig(const std::vector<std::string>& files,
                                std::string_view context = {});

// From the environment and files that a kubelet gives a Pod; nothing outside a Pod.
std::optional<Cluster> in_cluster(
    std::string_view files_under = "/var/run/secrets/kubernetes.io/serviceaccount");

// In this order: `kubeconfig` when not empty, $KUBECONFIG, the Pod's own, $HOME/.kube/config.
Result<Cluster> find_cluster(const std::string& kubeconfig);

}  // namespace penstock::k8s
