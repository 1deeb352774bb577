#include <algorithm>

#include "controllers/admission/admission.h"
#include "controllers/admission/causes.h"
#include "runtime/graph/graph.h"
#include "runtime/sql/compile.h"

namespace penstock {
namespace {

bool defines(const api::StreamJobSpec& spec, const std::string& name) {
  return std::ranges::any_of(spec.variables,
                             [&](const api::Variable& one) { return one.name == name; });
}

}  // namespace

Verdict check_sql(const api::StreamJob& job, std::string_view sql) {
  Verdict verdict;
  const std::string path = job.spec.sql_from ? "spec.sqlFrom" : "spec.sql";
  sql::CompileOptions options;
  for (const api::OperatorSettings& one : job.spec.operators)
    if (one.parallelism)
      options.pins[one.name] = Parallelism{static_cast<std::uint32_t>(*one.parallelism)};
  const sql::Compiled compiled = sql::compile(sql, options);
  if (!compiled.ok()) {
    // What compiles without them is at odds with the settings of its operators.
    const bool settings = !options.pins.empty() && sql::compile(sql).ok();
    refuse(verdict, settings ? "spec.operators" : path, "SqlInvalid", compiled.error().to_string());
    return verdict;
  }
  const std::vector<std::string> used = sql::variables_of(compiled.graph());
  for (const std::string& name : used)
    if (!defines(job.spec, name))
      refuse(verdict, path, "SqlInvalid",
             "variable ${" + name + "} is not among spec.variables; add it there");
  verdict.warnings = compiled.graph().warnings;
  for (const api::Variable& one : job.spec.variables)
    if (std::ranges::find(used, one.name) == used.end())
      verdict.warnings.push_back("spec.variables: " + one.name + " is not used in the SQL");
  return verdict;
}

std::vector<std::string> state_misfits_between(std::string_view running, std::string_view next) {
  if (running.empty() || running == next) return {};
  const sql::Compiled before = sql::compile(running);
  const sql::Compiled after = sql::compile(next);
  if (!after.ok()) return {};  // refused anyway, for that
  if (!before.ok())
    return {"the running SQL does not compile any more, so its state cannot be compared: " +
            before.error().message};
  return state_misfits(before.graph(), after.graph());
}

}  // namespace penstock
