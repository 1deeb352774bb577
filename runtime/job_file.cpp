#include "runtime/job_file.h"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "controllers/admission/admission.h"
#include "controllers/api/crd.h"
#include "controllers/api/json.h"
#include "runtime/expr/functions.h"

namespace penstock {
namespace {

using Json = nlohmann::json;

// A plain scalar as the API server reads it: null, a boolean, a number, else text.
Json to_json(const std::string& text) {
  if (text == "null" || text == "~" || text.empty()) return nullptr;
  if (text == "true" || text == "false") return text == "true";
  const char* const end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto read = std::from_chars(text.data(), end, whole);
      read.ec == std::errc() && read.ptr == end)
    return whole;
  double number = 0;
  const bool numeric = text.find_first_not_of("+-.0123456789eE") == std::string::npos;
  if (const auto read = std::from_chars(text.data(), end, number);
      numeric && read.ec == std::errc() && read.ptr == end)
    return number;
  return text;
}

Json to_json(const YAML::Node& node) {
  if (node.IsSequence()) {
    Json list = Json::array();
    for (const auto& item : node) list.push_back(to_json(item));
    return list;
  }
  if (node.IsMap()) {
    Json object = Json::object();
    for (const auto& member : node) object[member.first.Scalar()] = to_json(member.second);
    return object;
  }
  if (!node.IsScalar()) return nullptr;
  const bool quoted = node.Tag() == "!";
  return quoted ? Json(node.Scalar()) : to_json(node.Scalar());
}

// "; did you mean 'parallelism'?" for an unknown "spec.paralelism", by the kind's schema.
std::string near_field(const std::string& unknown) {
  Json schema = Json::parse(api::schema_json(api::StreamJob::kKind));
  std::stringstream path(unknown);
  std::string name;
  while (std::getline(path, name, '.')) {
    const std::string member = name.substr(0, name.find('['));
    if (!schema.contains("properties")) return "";
    Json properties = schema["properties"];
    if (!properties.contains(member)) {
      std::vector<std::string_view> known;
      for (const auto& [key, value] : properties.items()) known.push_back(key);
      const std::string_view near = nearest_name(member, known);
      return near.empty() ? "" : "; did you mean '" + std::string(near) + "'?";
    }
    schema = properties[member];
    if (member != name) schema = Json(schema["items"]);
  }
  return "";
}

// By the same rules as an API server that serves our kinds with strict field validation: nothing
// in a manifest is ignored.
Status admit(const api::Decoded<api::StreamJob>& decoded) {
  std::vector<std::string> problems;
  for (const std::string& path : decoded.unknown)
    problems.push_back("unknown field \"" + path + "\"" + near_field(path));
  Verdict verdict{.causes = decoded.errors};
  if (problems.empty() && verdict.causes.empty()) verdict = check(decoded.value);
  for (const api::FieldError& cause : verdict.causes)
    problems.push_back(cause.path + ": " +
                       (cause.reason == "NotImplemented" ? "NotImplemented: " : "") +
                       cause.message);
  if (problems.empty()) return ok();
  std::string text;
  for (const std::string& problem : problems) text += (text.empty() ? "" : "\n") + problem;
  return Error{Code::kInvalid, text};
}

JobFile to_job(const api::StreamJob& job) {
  const api::StreamJobSpec& spec = job.spec;
  JobFile file{.sql = spec.sql};
  JobOptions& options = file.options;
  options.identity = {.name = job.metadata.name, .uid = job.metadata.uid};
  options.parallelism.value = static_cast<std::uint32_t>(spec.parallelism);
  options.key_groups = static_cast<std::uint32_t>(spec.key_groups);
  options.interval = spec.checkpoints.interval;
  options.timeout = spec.checkpoints.timeout;
  options.min_pause = spec.checkpoints.min_pause;
  options.tolerable_failures = spec.checkpoints.tolerable_failures;
  options.retained = spec.checkpoints.retained;
  if (!spec.checkpoints.storage.uri.empty()) options.checkpoints = spec.checkpoints.storage.uri;
  options.restart = {.initial_delay = spec.restart.initial_delay,
                     .max_delay = spec.restart.max_delay,
                     .max_attempts = spec.restart.max_attempts};
  options.state_memory = spec.resources.state.memory.value;
  options.allow_dropped_state = spec.upgrade.allow_dropped_state;
  for (const api::OperatorSettings& settings : spec.operators)
    if (settings.parallelism)
      file.compile.pins[settings.name] = {static_cast<std::uint32_t>(*settings.parallelism)};
  // Others are in the environment: there a Secret's value arrives.
  for (const api::Variable& variable : spec.variables)
    if (variable.value) file.variables[variable.name] = *variable.value;
  return file;
}

Result<JobFile> read_documents(const std::vector<YAML::Node>& documents) {
  for (const YAML::Node& document : documents) {
    if (!document.IsMap() || !document["kind"] || document["kind"].Scalar() != "StreamJob")
      continue;
    const auto decoded = api::decode<api::StreamJob>(to_json(document));
    TRY(admit(decoded));
    if (decoded.value.spec.sql.empty())
      return Error{Code::kInvalid, "spec.sql: is missing; sqlFrom needs an operator to read it"};
    return to_job(decoded.value);
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
