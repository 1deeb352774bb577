#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controllers/api/job_snapshot.h"
#include "controllers/api/meta.h"
#include "controllers/api/scaling_policy.h"
#include "runtime/base/clock.h"

namespace penstock::api {

enum class DesiredState { kRunning, kSuspended };
constexpr auto names_of(DesiredState) {
  return std::array<std::string_view, 2>{"Running", "Suspended"};
}
enum class Engine { kEmbedded, kFlink, kAuto };
constexpr auto names_of(Engine) {
  return std::array<std::string_view, 3>{"Embedded", "Flink", "Auto"};
}
enum class Mode { kStreaming, kBatch, kAutomatic };
constexpr auto names_of(Mode) {
  return std::array<std::string_view, 3>{"Streaming", "Batch", "Automatic"};
}
enum class Backend { kMemory, kRocksDb };
constexpr auto names_of(Backend) { return std::array<std::string_view, 2>{"Memory", "RocksDB"}; }
enum class Delivery { kExactlyOnce, kAtLeastOnce };
constexpr auto names_of(Delivery) {
  return std::array<std::string_view, 2>{"ExactlyOnce", "AtLeastOnce"};
}
enum class RestartStrategy { kExponentialDelay };
constexpr auto names_of(RestartStrategy) {
  return std::array<std::string_view, 1>{"ExponentialDelay"};
}
enum class UpgradeMode { kLastState, kSavepoint, kStateless };
constexpr auto names_of(UpgradeMode) {
  return std::array<std::string_view, 3>{"LastState", "Savepoint", "Stateless"};
}
enum class Outgrow { kRecommend, kMove };
constexpr auto names_of(Outgrow) { return std::array<std::string_view, 2>{"Recommend", "Move"}; }
enum class LogLevel { kInfo, kDebug };
constexpr auto names_of(LogLevel) { return std::array<std::string_view, 2>{"info", "debug"}; }

struct KeyRef {
  std::string name, key;
  friend bool operator==(const KeyRef&, const KeyRef&) = default;
};
struct SqlSource {
  KeyRef config_map_key_ref;
  friend bool operator==(const SqlSource&, const SqlSource&) = default;
};
struct OperatorSettings {
  std::string name;
  std::optional<std::int32_t> parallelism, min_parallelism, max_parallelism;
  std::string group;
  friend bool operator==(const OperatorSettings&, const OperatorSettings&) = default;
};
struct ValueSource {
  KeyRef secret_key_ref;
  friend bool operator==(const ValueSource&, const ValueSource&) = default;
};
struct Variable {
  std::string name;
  std::optional<std::string> value;
  std::optional<ValueSource> value_from;
  friend bool operator==(const Variable&, const Variable&) = default;
};

struct BaseResources {
  MilliCpu cpu{100};
  Bytes memory{128LL << 20};
  friend bool operator==(const BaseResources&, const BaseResources&) = default;
};
struct SlotResources {
  MilliCpu cpu{1000};  // at most 1: a slot is one thread
  Bytes memory{256LL << 20};
  friend bool operator==(const SlotResources&, const SlotResources&) = default;
};
struct StateResources {
  Backend backend = Backend::kMemory;
  Bytes memory{512LL << 20};
  std::optional<Bytes> disk;
  friend bool operator==(const StateResources&, const StateResources&) = default;
};
struct GroupResources {
  std::string name;
  std::int32_t slots = 1;
  SlotResources slot;
  std::optional<Bytes> state_memory;
  friend bool operator==(const GroupResources&, const GroupResources&) = default;
};
struct Resources {
  BaseResources base;
  SlotResources slot;
  StateResources state;
  std::vector<GroupResources> groups;
  friend bool operator==(const Resources&, const Resources&) = default;
};

struct FlinkProcess {
  std::optional<MilliCpu> cpu;
  std::optional<Bytes> memory;
  std::optional<std::int32_t> slots;
  friend bool operator==(const FlinkProcess&, const FlinkProcess&) = default;
};
struct FlinkSettings {
  std::string version, image;
  FlinkProcess job_manager, task_manager;
  Strings configuration;
  friend bool operator==(const FlinkSettings&, const FlinkSettings&) = default;
};

struct CheckpointStorage {
  std::string uri;  // the operator appends namespace/name/uid
  std::optional<NameRef> secret_ref;
  friend bool operator==(const CheckpointStorage&, const CheckpointStorage&) = default;
};
struct PeriodicSavepoints {
  std::string schedule;
  std::int32_t keep = 3;
  std::optional<Duration> max_age;
  friend bool operator==(const PeriodicSavepoints&, const PeriodicSavepoints&) = default;
};
struct Checkpoints {
  Duration interval = std::chrono::seconds(10);
  Duration timeout = std::chrono::minutes(10);
  Duration min_pause{0};
  Delivery mode = Delivery::kExactlyOnce;
  std::int32_t tolerable_failures = 3;
  std::int32_t retained = 3;
  CheckpointStorage storage;
  PeriodicSavepoints savepoints;
  Retain on_delete = Retain::kKeep;
  friend bool operator==(const Checkpoints&, const Checkpoints&) = default;
};
struct RestartRules {
  RestartStrategy strategy = RestartStrategy::kExponentialDelay;
  Duration initial_delay = std::chrono::seconds(1);
  Duration max_delay = std::chrono::minutes(1);
  std::int32_t max_attempts = 0;  // 0: no limit
  friend bool operator==(const RestartRules&, const RestartRules&) = default;
};
struct Upgrade {
  UpgradeMode mode = UpgradeMode::kLastState;
  bool rollback = true;
  Duration stable_after = std::chrono::seconds(30);
  bool allow_dropped_state = false;
  friend bool operator==(const Upgrade&, const Upgrade&) = default;
};
struct RestoreFrom {
  std::string snapshot, uri;
  friend bool operator==(const RestoreFrom&, const RestoreFrom&) = default;
};
struct JobScaling {
  std::optional<NameRef> policy_ref;
  std::optional<ScalingPolicySpec> policy;
  Outgrow outgrow = Outgrow::kRecommend;
  friend bool operator==(const JobScaling&, const JobScaling&) = default;
};
struct LogFile {
  Bytes max_size{100LL << 20};
  std::int32_t keep = 10;
  friend bool operator==(const LogFile&, const LogFile&) = default;
};
struct Logging {
  LogLevel level = LogLevel::kInfo;
  LogFile file;
  friend bool operator==(const Logging&, const Logging&) = default;
};

struct StreamJobSpec {
  std::string sql;
  std::optional<SqlSource> sql_from;
  DesiredState state = DesiredState::kRunning;
  Engine engine = Engine::kEmbedded;
  std::string image;  // empty: the operator's own version of the engine image
  Mode mode = Mode::kAutomatic;
  std::int32_t parallelism = 1;
  std::int32_t min_parallelism = 1;
  std::int32_t key_groups = 720;
  std::vector<OperatorSettings> operators;
  std::vector<Variable> variables;
  Resources resources;
  bool standby = false;
  FlinkSettings flink;
  Checkpoints checkpoints;
  RestartRules restart;
  Upgrade upgrade;
  std::optional<RestoreFrom> restore_from;
  std::int64_t restore_nonce = 0;
  std::int64_t restart_nonce = 0;
  JobScaling scaling;
  RawObject pod_template;
  Logging logging;
  friend bool operator==(const StreamJobSpec&, const StreamJobSpec&) = default;
};

}  // namespace penstock::api
