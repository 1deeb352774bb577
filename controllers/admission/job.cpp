#include <set>

#include "controllers/admission/admission.h"
#include "controllers/admission/causes.h"
#include "runtime/base/cron.h"

namespace penstock {
namespace {

void check_source(const api::StreamJobSpec& spec, Verdict& verdict) {
  if (spec.sql.empty() && !spec.sql_from)
    refuse(verdict, "spec.sql", "FieldValueRequired", "one of sql and sqlFrom is needed");
  if (!spec.sql.empty() && spec.sql_from)
    invalid(verdict, "spec.sqlFrom", "sql and sqlFrom cannot both be set; leave one out");
}

void check_size(const api::StreamJobSpec& spec, const api::StreamJobSpec* previous,
                Verdict& verdict) {
  const std::string groups = std::to_string(spec.key_groups);
  if (spec.parallelism > spec.key_groups)
    invalid(
        verdict, "spec.parallelism",
        "parallelism " + std::to_string(spec.parallelism) + " is more than keyGroups " + groups);
  if (spec.min_parallelism > spec.key_groups)
    invalid(verdict, "spec.minParallelism",
            "minParallelism " + std::to_string(spec.min_parallelism) + " is more than keyGroups " +
                groups);
  for (std::size_t i = 0; i < spec.operators.size(); ++i)
    if (spec.operators[i].parallelism.value_or(1) > spec.key_groups)
      invalid(verdict, "spec.operators[" + std::to_string(i) + "].parallelism",
              "parallelism of " + spec.operators[i].name + " is more than keyGroups " + groups);
  if (previous && previous->key_groups != spec.key_groups)
    refuse(verdict, "spec.keyGroups", "FieldValueForbidden",
           "keyGroups cannot change while state is kept: it is " +
               std::to_string(previous->key_groups));
}

bool is_reserved(const std::string& name) {
  static const std::set<std::string> kNames = {"PATH",  "HOME",     "USER",  "PWD",
                                               "SHELL", "HOSTNAME", "POD_IP"};
  return kNames.contains(name) || name.starts_with("LD_") || name.starts_with("PENSTOCK_") ||
         name.starts_with("KUBERNETES_");
}

void check_variables(const api::StreamJobSpec& spec, Verdict& verdict) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < spec.variables.size(); ++i) {
    const api::Variable& variable = spec.variables[i];
    const std::string path = "spec.variables[" + std::to_string(i) + "]";
    if (variable.value.has_value() == variable.value_from.has_value())
      invalid(verdict, path, "variable " + variable.name + " needs either value or valueFrom");
    if (!seen.insert(variable.name).second)
      refuse(verdict, path + ".name", "FieldValueDuplicate",
             "variable " + variable.name + " is there twice");
    if (spec.checkpoints.storage.secret_ref && variable.name.starts_with("AWS_"))
      invalid(verdict, path + ".name",
              "variables AWS_... come from spec.checkpoints.storage.secretRef; choose another name "
              "or leave secretRef out");
    if (is_reserved(variable.name))
      invalid(verdict, path + ".name",
              "the name " + variable.name + " means something to the process; choose another");
  }
}

void check_resources(const api::Resources& resources, Verdict& verdict) {
  const auto positive = [&](std::int64_t value, const char* path) {
    if (value <= 0) invalid(verdict, path, "should be more than 0");
  };
  positive(resources.base.cpu.value, "spec.resources.base.cpu");
  positive(resources.base.memory.value, "spec.resources.base.memory");
  positive(resources.slot.cpu.value, "spec.resources.slot.cpu");
  positive(resources.slot.memory.value, "spec.resources.slot.memory");
  positive(resources.state.memory.value, "spec.resources.state.memory");
  if (resources.slot.cpu.value > 1000)
    invalid(verdict, "spec.resources.slot.cpu",
            "should be at most 1: a slot is one thread; more slots use more CPU");
}

void check_durations(const api::StreamJobSpec& spec, Verdict& verdict) {
  if (spec.checkpoints.interval < std::chrono::milliseconds(10))
    invalid(verdict, "spec.checkpoints.interval", "should be at least 10ms");
  if (spec.checkpoints.timeout < std::chrono::milliseconds(10))
    invalid(verdict, "spec.checkpoints.timeout", "should be at least 10ms");
  if (spec.restart.max_delay < spec.restart.initial_delay)
    invalid(verdict, "spec.restart.maxDelay", "should be at least initialDelay");
}

void check_references(const api::StreamJobSpec& spec, Verdict& verdict) {
  check_uri(spec.checkpoints.storage.uri, "spec.checkpoints.storage.uri", verdict);
  if (spec.restore_from) {
    if (spec.restore_from->snapshot.empty() == spec.restore_from->uri.empty())
      invalid(verdict, "spec.restoreFrom", "restoreFrom needs either snapshot or uri");
    check_uri(spec.restore_from->uri, "spec.restoreFrom.uri", verdict);
  } else if (spec.restore_nonce != 0) {
    invalid(verdict, "spec.restoreNonce", "restoreNonce restores from restoreFrom; set that too");
  }
  const std::string& schedule = spec.checkpoints.savepoints.schedule;
  if (const auto parsed = CronSchedule::parse(schedule); !schedule.empty() && !parsed)
    invalid(verdict, "spec.checkpoints.savepoints.schedule", parsed.error().message);
  if (spec.scaling.policy && spec.scaling.policy_ref)
    invalid(verdict, "spec.scaling.policy",
            "policy and policyRef cannot both be set; leave one out");
  if (spec.scaling.policy) check_policy_spec(*spec.scaling.policy, "spec.scaling.policy", verdict);
}

void add(Verdict& verdict, Verdict more) {
  for (api::FieldError& cause : more.causes) verdict.causes.push_back(std::move(cause));
  for (std::string& warning : more.warnings) verdict.warnings.push_back(std::move(warning));
}

}  // namespace

Verdict check(const api::StreamJob& next, const api::StreamJob* previous) {
  Verdict verdict;
  const api::StreamJobSpec& spec = next.spec;
  if (previous && previous->spec == spec) return verdict;
  for (api::FieldError& error : api::not_implemented(spec, "spec"))
    verdict.causes.push_back(std::move(error));
  check_source(spec, verdict);
  check_size(spec, previous ? &previous->spec : nullptr, verdict);
  check_variables(spec, verdict);
  check_resources(spec.resources, verdict);
  check_durations(spec, verdict);
  check_references(spec, verdict);
  const bool same_sql = previous && previous->spec.sql == spec.sql &&
                        previous->spec.variables == spec.variables &&
                        previous->spec.operators == spec.operators;
  check_template(spec.pod_template, "spec.template", verdict);
  if (!spec.sql.empty() && !same_sql) add(verdict, check_sql(next, spec.sql));
  return verdict;
}

}  // namespace penstock
