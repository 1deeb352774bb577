#include <vector>

#include "operator/k8s/transport.h"

namespace penstock::k8s {
namespace {

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const auto slash = path.find('/');
    if (slash != 0) parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return parts;
}

std::string verb_of(std::string_view method, bool named, bool watch) {
  if (method == "POST") return "create";
  if (method == "PUT") return "update";
  if (method == "PATCH") return "patch";
  if (method == "DELETE") return "delete";
  if (watch) return "watch";
  return named ? "get" : "list";
}

}  // namespace

std::pair<std::string, std::string> classify(std::string_view method, std::string_view target) {
  const auto question = target.find('?');
  const std::string_view query =
      question == std::string_view::npos ? std::string_view{} : target.substr(question);
  const bool watch = query.find("watch=1") != query.npos || query.find("watch=true") != query.npos;
  std::vector<std::string_view> parts = segments(target.substr(0, question));
  const bool grouped = !parts.empty() && parts[0] == "apis";
  std::size_t at = grouped ? 3 : 2;  // after "apis/group/version" or "api/version"
  if (parts.empty() || (!grouped && parts[0] != "api") || parts.size() <= at) {
    return {verb_of(method, true, watch), std::string(target.substr(0, question))};
  }
  if (parts[at] == "namespaces" && parts.size() > at + 2) at += 2;
  std::string resource(parts[at]);
  const bool named = parts.size() > at + 1;
  if (parts.size() > at + 2) resource += "/" + std::string(parts[at + 2]);
  return {verb_of(method, named, watch), resource};
}

}  // namespace penstock::k8s
