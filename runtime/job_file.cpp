#include "runtime/job_file.h"

#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "runtime/base/units.h"

namespace penstock {
namespace {

Error wrong(const std::string& path, const std::string& what) {
  return {Code::kInvalid, path + ": " + what};
}

// One optional field below a node, with its path for messages.
struct FieldReader {
  YAML::Node node;
  std::string path;

  FieldReader below(const std::string& key) const {
    return {node && node.IsMap() ? node[key] : YAML::Node(YAML::NodeType::Undefined),
            path + "." + key};
  }
  bool present() const { return node.IsDefined() && !node.IsNull(); }
  Result<std::string> text() const {
    if (!node.IsScalar()) return wrong(path, "expected a text");
    return node.Scalar();
  }
  Status read(std::string& to) const {
    if (!present()) return ok();
    TRY_ASSIGN(to, text());
    return ok();
  }
  Status read(Duration& to) const {
    if (!present()) return ok();
    TRY_ASSIGN(const std::string value, text());
    auto duration = parse_duration(value);
    if (!duration) return wrong(path, duration.error().message);
    to = *duration;
    return ok();
  }
  Status read_bytes(std::int64_t& to) const {
    if (!present()) return ok();
    TRY_ASSIGN(const std::string value, text());
    auto bytes = parse_bytes(value);
    if (!bytes) return wrong(path, bytes.error().message);
    to = *bytes;
    return ok();
  }
  template <typename T>
  Status read_number(T& to, long long least, long long most) const {
    if (!present()) return ok();
    TRY_ASSIGN(const std::string value, text());
    std::istringstream stream(value);
    long long number = 0;
    if (!(stream >> number) || !stream.eof() || number < least || number > most)
      return wrong(path, "expected a number from " + std::to_string(least) + " to " +
                             std::to_string(most) + ", not " + value);
    to = static_cast<T>(number);
    return ok();
  }
  Status read(bool& to) const {
    if (!present()) return ok();
    TRY_ASSIGN(const std::string value, text());
    if (value != "true" && value != "false") return wrong(path, "expected true or false");
    to = value == "true";
    return ok();
  }
};

// A value from the manifest, else the environment's: there a Secret's value arrives.
Status read_variables(const FieldReader& list, JobFile& job) {
  if (!list.present()) return ok();
  if (!list.node.IsSequence()) return wrong(list.path, "expected a list");
  for (std::size_t i = 0; i < list.node.size(); ++i) {
    const FieldReader item{list.node[i], list.path + "[" + std::to_string(i) + "]"};
    std::string name, value;
    TRY(item.below("name").read(name));
    if (name.empty()) return wrong(item.path, "has no name");
    if (!item.below("value").present()) continue;
    TRY(item.below("value").read(value));
    job.variables[name] = value;
  }
  return ok();
}

Status read_operators(const FieldReader& list, JobFile& job) {
  if (!list.present()) return ok();
  if (!list.node.IsSequence()) return wrong(list.path, "expected a list");
  for (std::size_t i = 0; i < list.node.size(); ++i) {
    const FieldReader item{list.node[i], list.path + "[" + std::to_string(i) + "]"};
    std::string name;
    std::uint32_t parallelism = 0;
    TRY(item.below("name").read(name));
    TRY(item.below("parallelism").read_number(parallelism, 1, 32768));
    for (const char* later : {"group", "minParallelism", "maxParallelism"})
      if (item.below(later).present())
        return wrong(item.path + "." + later, "NotImplemented: only parallelism is");
    if (parallelism > 0) job.compile.pins[name] = {parallelism};
  }
  return ok();
}

Status read_checkpoints(const FieldReader& checkpoints, JobOptions& options) {
  TRY(checkpoints.below("interval").read(options.interval));
  TRY(checkpoints.below("timeout").read(options.timeout));
  TRY(checkpoints.below("minPause").read(options.min_pause));
  TRY(checkpoints.below("tolerableFailures").read_number(options.tolerable_failures, 0, 1'000'000));
  TRY(checkpoints.below("retained").read_number(options.retained, 1, 1000));
  std::string uri;
  TRY(checkpoints.below("storage").below("uri").read(uri));
  if (!uri.empty()) options.checkpoints = uri;
  return ok();
}

Status read_spec(const FieldReader& spec, JobFile& job) {
  JobOptions& options = job.options;
  TRY(spec.below("sql").read(job.sql));
  if (job.sql.empty()) return wrong(spec.path + ".sql", "is missing");
  TRY(spec.below("parallelism").read_number(options.parallelism.value, 1, 32768));
  TRY(spec.below("keyGroups").read_number(options.key_groups, 1, 32768));
  TRY(read_checkpoints(spec.below("checkpoints"), options));
  const FieldReader restart = spec.below("restart");
  TRY(restart.below("initialDelay").read(options.restart.initial_delay));
  TRY(restart.below("maxDelay").read(options.restart.max_delay));
  TRY(restart.below("maxAttempts").read_number(options.restart.max_attempts, 0, 1'000'000));
  TRY(spec.below("resources").below("state").below("memory").read_bytes(options.state_memory));
  TRY(spec.below("upgrade").below("allowDroppedState").read(options.allow_dropped_state));
  TRY(read_operators(spec.below("operators"), job));
  return read_variables(spec.below("variables"), job);
}

Result<JobFile> read_documents(const std::vector<YAML::Node>& documents) {
  for (const YAML::Node& document : documents) {
    const FieldReader root{document, ""};
    if (!document.IsMap() || !document["kind"] || document["kind"].Scalar() != "StreamJob")
      continue;
    JobFile job;
    const FieldReader metadata{document["metadata"], "metadata"};
    TRY(metadata.below("name").read(job.options.identity.name));
    TRY(metadata.below("uid").read(job.options.identity.uid));
    TRY(read_spec({document["spec"], "spec"}, job));
    return job;
  }
  return Error{Code::kInvalid, "no document has kind: StreamJob"};
}

}  // namespace

Result<JobFile> parse_manifest(const std::string& text) {
  // The border to yaml-cpp: what it throws ends here.
  try {
    return read_documents(YAML::LoadAll(text));
  } catch (const YAML::Exception& problem) {
    return Error{Code::kInvalid, std::string("not YAML: ") + problem.what()};
  }
}

Result<JobFile> read_job_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (!file || !(text << file.rdbuf()))
    return Error{Code::kNotFound,
                 "cannot read " + path + ": give a .sql file or a StreamJob manifest"};
  const std::filesystem::path name(path);
  if (name.extension() == ".yaml" || name.extension() == ".yml" || name.extension() == ".json") {
    auto job = parse_manifest(text.str());
    if (!job) return job.error().within(path);
    return job;
  }
  JobFile job{.sql = text.str()};
  auto compiled = sql::compile(job.sql, job.compile);
  if (compiled.ok()) job.options.identity.name = compiled.graph().name;
  if (job.options.identity.name.empty()) job.options.identity.name = name.stem().string();
  return job;
}

Result<StreamGraph> compile_job(JobFile& file) {
  TRY_ASSIGN(StreamGraph graph, sql::compile(file.sql, file.compile).to_result());
  std::map<std::string, std::string> values = file.variables;
  for (const std::string& name : sql::variables_of(graph)) {
    if (values.contains(name)) continue;
    if (const char* value = std::getenv(name.c_str())) values[name] = value;
  }
  TRY(sql::resolve_variables(graph, values));
  return graph;
}

}  // namespace penstock
