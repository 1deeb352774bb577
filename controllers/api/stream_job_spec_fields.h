#pragma once

#include "controllers/api/job_snapshot_fields.h"
#include "controllers/api/scaling_policy_fields.h"
#include "controllers/api/stream_job_spec.h"

// The field lists of stream_job_spec.h.
namespace penstock::api {

template <typename V>
void describe(Type<KeyRef>, V& v) {
  using S = KeyRef;
  v({.name = "name",
     .doc = "Name of the object, in the job's namespace.",
     .required = true,
     .format = Format::kObjectName,
     .min_length = 1},
    &S::name);
  v({.name = "key", .doc = "The key in its data.", .required = true, .min_length = 1}, &S::key);
}

template <typename V>
void describe(Type<SqlSource>, V& v) {
  v({.name = "configMapKeyRef", .doc = "A key of a ConfigMap.", .required = true},
    &SqlSource::config_map_key_ref);
}

template <typename V>
void describe(Type<OperatorSettings>, V& v) {
  using S = OperatorSettings;
  v({.name = "name",
     .doc = "The operator's stable name, see `penstock explain`.",
     .required = true,
     .min_length = 1},
    &S::name);
  v({.name = "parallelism", .doc = "Pins it.", .minimum = 1, .maximum = kMostSlots},
    &S::parallelism);
  v({.name = "minParallelism",
     .doc = "At least this many subtasks.",
     .built = false,
     .minimum = 1,
     .maximum = kMostSlots},
    &S::min_parallelism);
  v({.name = "maxParallelism",
     .doc = "At most this many subtasks.",
     .built = false,
     .minimum = 1,
     .maximum = kMostSlots},
    &S::max_parallelism);
  v({.name = "group", .doc = "The resource group that it runs in.", .built = false, .max = 63},
    &S::group);
}

template <typename V>
void describe(Type<ValueSource>, V& v) {
  v({.name = "secretKeyRef", .doc = "A key of a Secret.", .required = true},
    &ValueSource::secret_key_ref);
}

template <typename V>
void describe(Type<Variable>, V& v) {
  using S = Variable;
  v.rule({.rule = "has(self.value) != has(self.valueFrom)",
          .message_expression = "'variable ' + self.name + ' needs either value or valueFrom'"});
  v.rule({.rule = "!(self.name in ['PATH', 'HOME', 'USER', 'PWD', 'SHELL', 'HOSTNAME', 'POD_IP'] "
                  "|| self.name.startsWith('LD_') || self.name.startsWith('PENSTOCK_') || "
                  "self.name.startsWith('KUBERNETES_'))",
          .message_expression =
              "'the name ' + self.name + ' means something to the process; choose another'",
          .field_path = ".name"});
  v({.name = "name",
     .doc = "Used as ${NAME} in a quoted literal of the SQL.",
     .required = true,
     .format = Format::kVariable,
     .max = 128},
    &S::name);
  v({.name = "value", .doc = "Its value.", .max = 4096}, &S::value);
  v({.name = "valueFrom", .doc = "Where its value is."}, &S::value_from);
}

template <typename V>
void describe(Type<BaseResources>, V& v) {
  v({.name = "cpu", .doc = "CPU besides the slots'."}, &BaseResources::cpu);
  v({.name = "memory", .doc = "Memory besides the slots' and the state's."},
    &BaseResources::memory);
}

template <typename V>
void describe(Type<SlotResources>, V& v) {
  v({.name = "cpu", .doc = "CPU per slot; at most 1, a slot is one thread."}, &SlotResources::cpu);
  v({.name = "memory", .doc = "Memory per slot."}, &SlotResources::memory);
}

template <typename V>
void describe(Type<StateResources>, V& v) {
  using S = StateResources;
  v({.name = "backend", .doc = "Where state is kept.", .unbuilt = "RocksDB"}, &S::backend);
  v({.name = "memory", .doc = "Memory for state, over all slots."}, &S::memory);
  v({.name = "disk", .doc = "Disk for state.", .built = false}, &S::disk);
}

template <typename V>
void describe(Type<GroupResources>, V& v) {
  using S = GroupResources;
  v({.name = "name",
     .doc = "Name of the group.",
     .required = true,
     .format = Format::kLabelName,
     .max = 63},
    &S::name);
  v({.name = "slots", .doc = "Its slots.", .minimum = 1, .maximum = kMostSlots}, &S::slots);
  v({.name = "slot", .doc = "What each of its slots may use."}, &S::slot);
  v({.name = "stateMemory", .doc = "Memory for its state."}, &S::state_memory);
}

template <typename V>
void describe(Type<Resources>, V& v) {
  using S = Resources;
  v.rule({.rule = "!has(self.base) || !has(self.base.cpu) || "
                  "(type(self.base.cpu) == int ? self.base.cpu > 0 : "
                  "quantity(self.base.cpu).isGreaterThan(quantity('0')))",
          .message_expression = "'should be more than 0'",
          .field_path = ".base.cpu"});
  v.rule({.rule = "!has(self.base) || !has(self.base.memory) || "
                  "(type(self.base.memory) == int ? self.base.memory > 0 : "
                  "quantity(self.base.memory).isGreaterThan(quantity('0')))",
          .message_expression = "'should be more than 0'",
          .field_path = ".base.memory"});
  v.rule({.rule = "!has(self.slot) || !has(self.slot.cpu) || "
                  "(type(self.slot.cpu) == int ? self.slot.cpu > 0 : "
                  "quantity(self.slot.cpu).isGreaterThan(quantity('0')))",
          .message_expression = "'should be more than 0'",
          .field_path = ".slot.cpu"});
  v.rule({.rule = "!has(self.slot) || !has(self.slot.memory) || "
                  "(type(self.slot.memory) == int ? self.slot.memory > 0 : "
                  "quantity(self.slot.memory).isGreaterThan(quantity('0')))",
          .message_expression = "'should be more than 0'",
          .field_path = ".slot.memory"});
  v.rule({.rule = "!has(self.state) || !has(self.state.memory) || "
                  "(type(self.state.memory) == int ? self.state.memory > 0 : "
                  "quantity(self.state.memory).isGreaterThan(quantity('0')))",
          .message_expression = "'should be more than 0'",
          .field_path = ".state.memory"});
  v.rule(
      {.rule = "!has(self.slot) || !has(self.slot.cpu) || (type(self.slot.cpu) == int ? "
               "self.slot.cpu <= 1 : quantity(self.slot.cpu).compareTo(quantity('1')) <= 0)",
       .message_expression = "'should be at most 1: a slot is one thread; more slots use more CPU'",
       .field_path = ".slot.cpu"});
  v({.name = "base", .doc = "What the process needs without any slot."}, &S::base);
  v({.name = "slot", .doc = "What each slot needs."}, &S::slot);
  v({.name = "state", .doc = "What state needs."}, &S::state);
  v({.name = "groups",
     .doc = "Groups with slots of their own.",
     .built = false,
     .max = 32,
     .list_key = "name"},
    &S::groups);
}

template <typename V>
void describe(Type<FlinkProcess>, V& v) {
  using S = FlinkProcess;
  v({.name = "cpu", .doc = "CPU."}, &S::cpu);
  v({.name = "memory", .doc = "Memory."}, &S::memory);
  v({.name = "slots", .doc = "Task slots.", .minimum = 1, .maximum = 1024}, &S::slots);
}

template <typename V>
void describe(Type<FlinkSettings>, V& v) {
  using S = FlinkSettings;
  v({.name = "version", .doc = "Flink's version.", .max = 32}, &S::version);
  v({.name = "image", .doc = "Its image.", .max = 1024}, &S::image);
  v({.name = "jobManager", .doc = "The JobManager."}, &S::job_manager);
  v({.name = "taskManager", .doc = "Each TaskManager."}, &S::task_manager);
  v({.name = "configuration", .doc = "Flink's configuration.", .max = 256}, &S::configuration);
}

template <typename V>
void describe(Type<CheckpointStorage>, V& v) {
  using S = CheckpointStorage;
  v.rule(kUriRule);
  v({.name = "uri",
     .doc = "file:///... or s3://bucket/prefix; namespace, name and uid of the job are appended. "
            "`up` has a default.",
     .max = kUriLength},
    &S::uri);
  v({.name = "secretRef",
     .doc = "A Secret for S3: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY; if set AWS_SESSION_TOKEN, "
            "AWS_REGION, AWS_ENDPOINT_URL, AWS_CA_BUNDLE (PEM)."},
    &S::secret_ref);
}

template <typename V>
void describe(Type<PeriodicSavepoints>, V& v) {
  using S = PeriodicSavepoints;
  v({.name = "schedule",
     .doc = "When: cron's five fields, in UTC. Empty: never. Each is a JobSnapshot of this job.",
     .max = 256},
    &S::schedule);
  v({.name = "keep", .doc = "How many are kept.", .minimum = 1, .maximum = 1000}, &S::keep);
  v({.name = "maxAge", .doc = "How long they are kept; the newest stays. Empty: for ever."},
    &S::max_age);
}

template <typename V>
void describe(Type<Checkpoints>, V& v) {
  using S = Checkpoints;
  v.rule({.rule = "!has(self.interval) || self.interval.contains('d') || "
                  "duration(self.interval) >= duration('10ms')",
          .message_expression = "'should be at least 10ms'",
          .field_path = ".interval"});
  v.rule({.rule = "!has(self.timeout) || self.timeout.contains('d') || "
                  "duration(self.timeout) >= duration('10ms')",
          .message_expression = "'should be at least 10ms'",
          .field_path = ".timeout"});
  v({.name = "interval", .doc = "Time from the start of one to the start of the next."},
    &S::interval);
  v({.name = "timeout", .doc = "When one that is not complete has failed."}, &S::timeout);
  v({.name = "minPause", .doc = "At least this long from the end of one to the next."},
    &S::min_pause);
  v({.name = "mode", .doc = "What a row counts after a restart.", .unbuilt = "AtLeastOnce"},
    &S::mode);
  v({.name = "tolerableFailures",
     .doc = "Failures in a row after which the job restarts.",
     .minimum = 0,
     .maximum = 10000},
    &S::tolerable_failures);
  v({.name = "retained", .doc = "How many are kept.", .minimum = 1, .maximum = 1000}, &S::retained);
  v({.name = "storage", .doc = "Where they are kept."}, &S::storage);
  v({.name = "savepoints", .doc = "Periodic savepoints."}, &S::savepoints);
  v({.name = "onDelete", .doc = "What happens to them when the job is deleted."}, &S::on_delete);
}

template <typename V>
void describe(Type<RestartRules>, V& v) {
  using S = RestartRules;
  v.rule({.rule =
              "!has(self.maxDelay) || !has(self.initialDelay) || self.maxDelay.contains('d') || "
              "self.initialDelay.contains('d') || "
              "duration(self.maxDelay) >= duration(self.initialDelay)",
          .message_expression = "'should be at least initialDelay'",
          .field_path = ".maxDelay"});
  v({.name = "strategy", .doc = "How the waits grow."}, &S::strategy);
  v({.name = "initialDelay", .doc = "The first wait."}, &S::initial_delay);
  v({.name = "maxDelay", .doc = "The longest wait."}, &S::max_delay);
  v({.name = "maxAttempts",
     .doc = "Restarts after which the job has failed; 0: no limit.",
     .minimum = 0,
     .maximum = 1000000},
    &S::max_attempts);
}

template <typename V>
void describe(Type<Upgrade>, V& v) {
  using S = Upgrade;
  v({.name = "mode",
     .doc = "What a new version of the SQL starts from: the last checkpoint, or a savepoint that "
            "stays.",
     .unbuilt = "Stateless"},
    &S::mode);
  v({.name = "rollback",
     .doc = "Return to the last good version when a new one restarts, fails its checkpoints or "
            "falls behind."},
    &S::rollback);
  v({.name = "stableAfter", .doc = "When a new version counts as good."}, &S::stable_after);
  v({.name = "allowDroppedState", .doc = "State that the new version cannot use may be lost."},
    &S::allow_dropped_state);
}

template <typename V>
void describe(Type<RestoreFrom>, V& v) {
  using S = RestoreFrom;
  v.rule({.rule = "(has(self.snapshot) && size(self.snapshot) > 0) != "
                  "(has(self.uri) && size(self.uri) > 0)",
          .message_expression = "'restoreFrom needs either snapshot or uri'"});
  v.rule(kUriRule);
  v({.name = "snapshot", .doc = "A JobSnapshot's name."}, &S::snapshot);
  v({.name = "uri", .doc = "Where a snapshot is.", .max = kUriLength}, &S::uri);
}

template <typename V>
void describe(Type<JobScaling>, V& v) {
  using S = JobScaling;
  v.rule({.rule = "!(has(self.policyRef) && has(self.policy))",
          .message_expression = "'policy and policyRef cannot both be set; leave one out'",
          .field_path = ".policy"});
  v({.name = "policyRef", .doc = "A ScalingPolicy."}, &S::policy_ref);
  v({.name = "policy", .doc = "A policy of its own."}, &S::policy);
  v({.name = "outgrow", .doc = "What happens when no node is large enough.", .built = false},
    &S::outgrow);
}

template <typename V>
void describe(Type<LogFile>, V& v) {
  v({.name = "maxSize", .doc = "Size at which a new file begins.", .built = false},
    &LogFile::max_size);
  v({.name = "keep", .doc = "Files that are kept.", .built = false, .minimum = 1, .maximum = 100},
    &LogFile::keep);
}

template <typename V>
void describe(Type<Logging>, V& v) {
  v({.name = "level", .doc = "What is logged.", .built = false}, &Logging::level);
  v({.name = "file", .doc = "Log files."}, &Logging::file);
}

template <typename V>
void describe(Type<StreamJobSpec>, V& v) {
  using S = StreamJobSpec;
  v.rule({.rule = "(has(self.sql) && size(self.sql) > 0) || has(self.sqlFrom)",
          .message_expression = "'one of sql and sqlFrom is needed'",
          .field_path = ".sql",
          .reason = "FieldValueRequired"});
  v.rule({.rule = "!(has(self.sql) && size(self.sql) > 0 && has(self.sqlFrom))",
          .message_expression = "'sql and sqlFrom cannot both be set; leave one out'",
          .field_path = ".sqlFrom"});
  v.rule({.rule = "self.parallelism <= self.keyGroups",
          .message_expression = "'parallelism %d is more than keyGroups %d'.format("
                                "[self.parallelism, self.keyGroups])",
          .field_path = ".parallelism"});
  v.rule({.rule = "self.minParallelism <= self.keyGroups",
          .message_expression = "'minParallelism %d is more than keyGroups %d'.format("
                                "[self.minParallelism, self.keyGroups])",
          .field_path = ".minParallelism"});
  v.rule({.rule = "!has(self.operators) || self.operators.all(o, !has(o.parallelism) || "
                  "o.parallelism <= self.keyGroups)",
          .message_expression =
              "'the parallelism of an operator is more than keyGroups %d'.format([self.keyGroups])",
          .field_path = ".operators"});
  v.rule({.rule = "self.keyGroups == oldSelf.keyGroups",
          .message_expression = "'keyGroups cannot change while state is kept: it is %d'"
                                ".format([oldSelf.keyGroups])",
          .field_path = ".keyGroups",
          .reason = "FieldValueForbidden"});
  v.rule({.rule = "!has(self.restoreNonce) || self.restoreNonce == 0 || has(self.restoreFrom)",
          .message_expression = "'restoreNonce restores from restoreFrom; set that too'",
          .field_path = ".restoreNonce"});
  v({.name = "sql",
     .doc = "The job: CREATE TABLE, CREATE VIEW, SET and INSERT INTO statements.",
     .max = 262144},
    &S::sql);
  v({.name = "sqlFrom", .doc = "Where the SQL is, instead of sql."}, &S::sql_from);
  v({.name = "state", .doc = "Whether it should run. Suspended keeps a savepoint to resume from."},
    &S::state);
  v({.name = "engine", .doc = "What runs it.", .unbuilt = "Flink Auto"}, &S::engine);
  v({.name = "image",
     .doc = "The engine's image; default: the operator's own version of it.",
     .max = 1024},
    &S::image);
  v({.name = "mode", .doc = "Whether the input ends.", .unbuilt = "Batch"}, &S::mode);
  v({.name = "parallelism",
     .doc = "Slots that are wanted; the scale subresource writes it.",
     .always = true,
     .minimum = 1,
     .maximum = kMostSlots},
    &S::parallelism);
  v({.name = "minParallelism",
     .doc = "Slots that are needed.",
     .minimum = 1,
     .maximum = kMostSlots},
    &S::min_parallelism);
  v({.name = "keyGroups",
     .doc = "Upper bound of parallelism; fixed while state is kept.",
     .minimum = 1,
     .maximum = kMostSlots},
    &S::key_groups);
  v({.name = "operators", .doc = "Settings per operator.", .max = 256, .list_key = "name"},
    &S::operators);
  v({.name = "variables", .doc = "Values that the SQL refers to.", .max = 128, .list_key = "name"},
    &S::variables);
  v({.name = "resources",
     .doc = "The Pod asks for base + slots x slot + state.memory; requests equal limits."},
    &S::resources);
  v({.name = "standby", .doc = "A second Pod that follows and takes over."}, &S::standby);
  v({.name = "flink", .doc = "Settings of engine Flink.", .built = false}, &S::flink);
  v({.name = "checkpoints", .doc = "How state is kept."}, &S::checkpoints);
  v({.name = "restart", .doc = "What happens after a failure."}, &S::restart);
  v({.name = "upgrade", .doc = "What happens when the SQL changes."}, &S::upgrade);
  v({.name = "restoreFrom",
     .doc = "What the first start begins with, of this job or of another one."},
    &S::restore_from);
  v({.name = "restoreNonce",
     .doc = "A new value restores from restoreFrom again.",
     .minimum = 0,
     .maximum = 9007199254740991.0},
    &S::restore_nonce);
  v({.name = "restartNonce",
     .doc = "A new value restarts the job.",
     .minimum = 0,
     .maximum = 9007199254740991.0},
    &S::restart_nonce);
  v({.name = "scaling", .doc = "Who decides parallelism."}, &S::scaling);
  v({.name = "template", .doc = "What to merge into every Pod, as kubectl would."},
    &S::pod_template);
  v({.name = "logging", .doc = "What the engine logs."}, &S::logging);
}

}  // namespace penstock::api
