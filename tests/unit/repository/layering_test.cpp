#include <gtest/gtest.h>

#include <map>
#include <set>

#include "source_tree.h"

namespace penstock {
namespace {

// Who may include whom, besides itself and runtime/base: the table of the README's section "The
// tree".
const std::map<std::string, std::set<std::string>> kMayInclude = {
    {"runtime/base", {}},
    {"runtime/columns", {}},
    {"runtime/metrics", {}},
    {"runtime/storage", {}},
    {"runtime/http", {}},
    {"runtime/expr", {"runtime/columns"}},
    {"runtime/graph", {"runtime/columns", "runtime/expr"}},
    {"runtime/state", {"runtime/columns"}},
    {"runtime/checkpoint", {"runtime/storage"}},
    {"runtime/formats", {"runtime/columns"}},
    {"runtime/sql",
     {"runtime/columns", "runtime/graph", "runtime/expr", "runtime/connectors/declarations.h"}},
    {"runtime/exec",
     {"runtime/columns", "runtime/graph", "runtime/expr", "runtime/state", "runtime/metrics"}},
    {"runtime/connectors",
     {"runtime/columns", "runtime/graph", "runtime/expr", "runtime/exec", "runtime/formats",
      "runtime/storage", "runtime/metrics"}},
    {"runtime/snapshot",
     {"runtime/columns", "runtime/state", "runtime/storage", "runtime/checkpoint"}},
    {"runtime/job",
     {"runtime/columns", "runtime/graph", "runtime/expr", "runtime/exec", "runtime/state",
      "runtime/storage", "runtime/checkpoint", "runtime/connectors", "runtime/metrics",
      "runtime/sql"}},
    {"runtime/control",
     {"runtime/metrics", "runtime/job", "runtime/checkpoint", "runtime/graph", "runtime/http"}},
    {"runtime/bench",
     {"runtime/columns", "runtime/graph", "runtime/expr", "runtime/state", "runtime/exec",
      "runtime/connectors", "runtime/storage", "runtime/sql", "runtime/job"}},
    {"controllers/api", {}},
    {"controllers/admission",
     {"controllers/api", "runtime/sql", "runtime/columns", "runtime/graph", "runtime/expr",
      "runtime/connectors/declarations.h"}},
    {"controllers/desired", {"controllers/api"}},
    {"controllers/autoscaler", {"controllers/api"}},
    {"controllers/lifecycle",
     {"controllers/api", "controllers/admission", "controllers/desired", "controllers/autoscaler"}},
    {"operator/k8s", {"runtime/metrics"}},
    {"operator/certificates", {"operator/k8s", "runtime/http"}},
    {"operator/queue", {"runtime/metrics"}},
    {"operator/cache", {"operator/k8s"}},
    {"operator/engines", {"controllers/api", "runtime/control/proto", "runtime/metrics"}},
    {"operator/manager",
     {"operator/k8s", "operator/cache", "operator/queue", "runtime/http", "runtime/metrics"}},
    {"operator/reconcilers",
     {"controllers/api", "controllers/admission", "controllers/desired", "controllers/lifecycle",
      "controllers/autoscaler", "operator/k8s", "operator/cache", "operator/queue",
      "operator/manager", "operator/engines", "runtime/metrics"}},
    {"operator/apiserver", {"controllers/api", "controllers/admission", "runtime/http"}},
    {"operator/process_runner", {"operator/k8s", "operator/cache", "controllers/api"}},
    {"operator/webhook",
     {"controllers/api", "controllers/admission", "operator/k8s", "runtime/http",
      "runtime/metrics"}},
    {"operator/keda", {"controllers/api", "operator/k8s", "operator/cache"}},
    {"operator/top", {"operator/k8s", "operator/cache", "controllers/api"}},
};

std::string folder_of(const std::string& path) {
  const std::size_t first = path.find('/');
  const std::size_t second = path.find('/', first + 1);
  return second == std::string::npos ? std::string() : path.substr(0, second);
}

bool may_include(const std::string& folder, const std::string& included) {
  if (included.starts_with(folder + "/") || included.starts_with("runtime/base/")) return true;
  for (const std::string& allowed : kMayInclude.at(folder))
    if (included == allowed || included.starts_with(allowed + "/")) return true;
  return false;
}

TEST(Layering, EachIncludeIsAllowedByTheTable) {
  for (const char* top : {"runtime", "controllers", "operator"}) {
    for (const SourceFile& file : source_files(top, {".h", ".cpp"})) {
      const std::string folder = folder_of(file.path);
      if (folder.empty()) continue;  // main.cpp builds the object graph and may include everything
      ASSERT_TRUE(kMayInclude.contains(folder))
          << file.path << " is in a folder that the table does not know";
      for (const std::string& line : file.lines) {
        if (!line.starts_with("#include \"")) continue;
        const std::string included = line.substr(10, line.find('"', 10) - 10);
        if (included.find('/') == std::string::npos || included.ends_with(".pb.h")) continue;
        EXPECT_TRUE(may_include(folder, included)) << file.path << " includes " << included;
      }
    }
  }
}

// Libraries that few folders may see, so that one can be replaced by touching one folder.
TEST(Layering, EachLibraryIsIncludedOnlyWhereItIsWrapped) {
  const std::map<std::string, std::vector<std::string>> kWhere = {
      {"<cpprest/", {"operator/k8s/"}},
      {"<pplx/", {"operator/k8s/"}},
      {"<boost/", {"runtime/http/", "operator/k8s/cpprest_transport.cpp"}},
      {"<grpcpp/", {"operator/engines/", "operator/keda/", "runtime/control/"}},
      {"<prometheus/", {"runtime/metrics/"}},
      {"<sqlite3.h", {"operator/apiserver/"}},
      {"<yaml-cpp/",
       {"operator/k8s/", "operator/apiserver/", "runtime/job_file.cpp", "operator/apply.cpp"}},
      {"<simdjson.h", {"runtime/formats/", "operator/k8s/", "operator/cache/"}},
      {"<zstd.h", {"runtime/state/"}},
      {"<curl/", {"runtime/storage/curl_http.cpp"}},
      {"<pugixml", {"runtime/storage/s3_xml.cpp"}},
  };
  for (const char* top : {"runtime", "controllers", "operator"})
    for (const SourceFile& file : source_files(top, {".h", ".cpp"}))
      for (const std::string& line : file.lines)
        for (const auto& [library, folders] : kWhere) {
          if (!line.starts_with("#include " + library)) continue;
          bool allowed = false;
          for (const std::string& folder : folders) allowed |= file.path.starts_with(folder);
          EXPECT_TRUE(allowed) << file.path << ": " << line;
        }
}

}  // namespace
}  // namespace penstock
