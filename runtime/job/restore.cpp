#include "runtime/job/restore.h"

#include <algorithm>
#include <map>
#include <set>

#include "runtime/base/units.h"

namespace penstock {
namespace {

using ShapesByOperator =
    std::map<std::string, std::pair<std::uint32_t, std::vector<StateTableShape>>>;

std::vector<std::string> type_names(const std::vector<Type>& types) {
  std::vector<std::string> names;
  for (const Type& type : types) names.push_back(type.to_string());
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text = "(";
  for (const std::string& name : names) text += (text.size() > 1 ? ", " : "") + name;
  return text + ")";
}

// The layout of each operator's state: its own word, from an instance made for that.
Result<ShapesByOperator> shapes_of(const RestoreRequest& request) {
  ShapesByOperator shapes;
  OperatorCounters counters;
  for (std::uint32_t i = 0; i < request.graph.operators.size(); ++i) {
    const OperatorNode& node = request.graph.operators[i];
    if (std::holds_alternative<SourceSpec>(node.spec) ||
        std::holds_alternative<SinkSpec>(node.spec))
      continue;
    TRY_ASSIGN(const auto operate,
               request.factories.operate({.graph = request.graph,
                                          .id = {i},
                                          .clock = request.clock,
                                          .counters = counters,
                                          .memory = request.memory,
                                          .key_groups = request.options.key_groups}));
    if (operate->state() != nullptr) shapes[node.name] = {i, operate->state()->shapes()};
  }
  return shapes;
}

Result<RestoredState> load(const RestoreRequest& request, BlobStore& store,
                           const PublicationRecord& publication) {
  TRY_ASSIGN(const ShapesByOperator shapes, shapes_of(request));
  RestoredState state;
  std::map<std::string, std::vector<const StateBlock*>> by_file;
  for (const StateBlock& block : publication.blocks) by_file[block.file].push_back(&block);
  for (const auto& [file, blocks] : by_file) {
    for (const StateBlock* block : blocks) {
      const auto known = shapes.find(block->operator_name);
      if (known == shapes.end()) continue;  // dropped, as allowed
      auto bytes = store.get_range(file, block->offset, block->size);
      if (!bytes) return bytes.error().within("state file " + file);
      auto unit = decode_unit(*bytes, known->second.second, request.memory);
      if (!unit) return unit.error().within("state file " + file);
      state.units[known->second.first].emplace_back(block->group, std::move(*unit));
    }
  }
  for (std::uint32_t i = 0; i < request.graph.operators.size(); ++i)
    for (const SplitRecord& split : publication.splits)
      if (split.operator_name == request.graph.operators[i].name)
        state.splits[i].push_back({.id = split.id,
                                   .position = split.position,
                                   .watermark = split.watermark,
                                   .finished = split.finished});
  return state;
}

Status refuse_misfits(const RestoreRequest& request, const PublicationRecord& publication) {
  if (request.options.allow_dropped_state) return ok();
  const std::vector<std::string> problems = misfits(publication, request.graph);
  if (problems.empty()) return ok();
  std::string text = "the state of checkpoint " + std::to_string(publication.checkpoint.value) +
                     " does not fit this job:";
  for (const std::string& problem : problems) text += "\n  " + problem;
  return Error{Code::kInvalid, text + "\nstart from none, or allow dropped state"};
}

struct Attempted {
  const RestoreRequest* request;
  BlobStore* store;
  mutable std::optional<RestoredState> state;
  mutable std::string problem;
};

bool load_soundly(const void* context, const PublicationRecord& publication) {
  const auto& attempted = *static_cast<const Attempted*>(context);
  auto state = load(*attempted.request, *attempted.store, publication);
  if (!state) {
    // Of the newest one; files of much older ones may have been collected.
    if (attempted.problem.empty()) attempted.problem = state.error().message;
    return false;
  }
  attempted.state = std::move(*state);
  return true;
}

}  // namespace

std::vector<StateDescription> describe_states(const StreamGraph& graph) {
  std::vector<StateDescription> all;
  for (std::uint32_t i = 0; i < graph.operators.size(); ++i)
    for (const StateShape& shape : state_shapes(graph, {i}))
      all.push_back(
          {shape.operator_name, shape.state_name, type_names(shape.key), type_names(shape.value)});
  return all;
}

std::vector<std::string> misfits(const PublicationRecord& recorded, const StreamGraph& graph) {
  std::vector<std::string> problems;
  const std::vector<StateDescription> current = describe_states(graph);
  for (const StateDescription& was : recorded.states) {
    const auto now = std::ranges::find_if(current, [&](const StateDescription& state) {
      return state.operator_name == was.operator_name && state.state_name == was.state_name;
    });
    const std::string name = "operator " + was.operator_name + ", state " + was.state_name + ": ";
    if (now == current.end())
      problems.push_back(name + "gone");
    else if (now->key != was.key)
      problems.push_back(name + "key was " + listed(was.key) + ", is " + listed(now->key));
    else if (now->value != was.value)
      problems.push_back(name + "value was " + listed(was.value) + ", is " + listed(now->value));
  }
  std::set<std::string> sources;
  for (const OperatorNode& node : graph.operators)
    if (std::holds_alternative<SourceSpec>(node.spec)) sources.insert(node.name);
  std::set<std::string> gone;
  for (const SplitRecord& split : recorded.splits)
    if (!sources.contains(split.operator_name)) gone.insert(split.operator_name);
  for (const std::string& name : gone) problems.push_back("source " + name + ": gone");
  return problems;
}

Result<KeyGroupTable> choose_table(const TableRecord* recorded, const JobOptions& options,
                                   std::optional<Parallelism> wanted) {
  if (!wanted && options.parallelism_is_explicit) wanted = options.parallelism;
  if (recorded == nullptr || recorded->owners.empty())
    return KeyGroupTable::even(options.key_groups, wanted.value_or(options.parallelism));
  if (recorded->owners.size() != options.key_groups)
    return Error{Code::kInvalid, "the number of key groups is fixed while state is kept: it was " +
                                     std::to_string(recorded->owners.size()) + ", is " +
                                     std::to_string(options.key_groups)};
  TRY_ASSIGN(KeyGroupTable table,
             KeyGroupTable::of(recorded->owners, {recorded->parallelism}, recorded->version));
  if (!wanted || *wanted == table.parallelism()) return table;
  return plan_table(table, *wanted, {}).table;
}

Result<Restored> restore_newest(const RestoreRequest& request, BlobStore& store,
                                const std::vector<CheckpointLog::Entry>& history) {
  // Misfits are told before anything large is read.
  for (auto entry = history.rbegin(); entry != history.rend(); ++entry)
    if (const auto* newest = std::get_if<PublicationRecord>(&entry->record)) {
      TRY(refuse_misfits(request, *newest));
      break;
    }
  Attempted attempted{.request = &request, .store = &store};
  const RestoreChoice choice = choose_restore(history, load_soundly, &attempted);
  Restored restored;
  for (const PublicationRecord* passed : choice.passed_over)
    restored.passed_over.push_back(*passed);
  if (choice.publication == nullptr) {
    if (choice.passed_over.empty()) return restored;
    return Error{Code::kCorrupt, "no checkpoint in " + store.uri() +
                                     " can be restored: " + attempted.problem +
                                     "; start from another snapshot or from none (--from)"};
  }
  restored.publication = *choice.publication;
  for (const CheckpointLog::Entry& entry : history)
    if (std::get_if<PublicationRecord>(&entry.record) == choice.publication)
      restored.number = entry.number;
  restored.state = std::move(*attempted.state);
  restored.from = choice.reason;
  return restored;
}

Result<Restored> restore_from_uri(const RestoreRequest& request) {
  std::string uri = request.options.from_uri;
  std::optional<std::uint64_t> number;
  if (const auto hash = uri.rfind('#'); hash != std::string::npos) {
    const std::string digits = uri.substr(hash + 1);
    if (digits.empty() || digits.size() > 18 ||
        !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; }))
      return Error{Code::kInvalid, "a snapshot's number is digits after '#': " + uri};
    number = std::stoull(digits);
    uri.resize(hash);
  }
  const auto opened = open_existing_blob_store(uri);
  if (!opened && opened.error().code == Code::kNotFound)
    return Error{Code::kInvalid,
                 "no snapshot at " + request.options.from_uri + ": " + opened.error().message};
  if (!opened) return opened.error().within("snapshot " + request.options.from_uri);
  const std::unique_ptr<BlobStore>& store = *opened;
  TRY_ASSIGN(const auto history, read_log(*store));
  const PublicationRecord* found = nullptr;
  for (const CheckpointLog::Entry& entry : history) {
    const auto* publication = std::get_if<PublicationRecord>(&entry.record);
    if (publication != nullptr && (!number || entry.number.value == *number)) found = publication;
  }
  if (found == nullptr) return Error{Code::kInvalid, "no snapshot at " + request.options.from_uri};
  TRY(refuse_misfits(request, *found));
  TRY_ASSIGN(RestoredState state, load(request, *store, *found));
  return Restored{
      .publication = *found, .state = std::move(state), .from = request.options.from_uri};
}

}  // namespace penstock
