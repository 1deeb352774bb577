#include "runtime/job/restore.h"

#include <algorithm>
#include <map>
#include <set>

#include "runtime/base/units.h"

namespace penstock {
namespace {

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

struct Attempted {
  StateImage* image;
  BlobStore* store;
  mutable std::string problem;
};

bool load_soundly(const void* context, const PublicationRecord& publication) {
  const auto& attempted = *static_cast<const Attempted*>(context);
  const Status fetched = attempted.image->fetch(*attempted.store, publication);
  // Of the newest one; files of much older ones may have been collected.
  if (!fetched && attempted.problem.empty()) attempted.problem = fetched.error().message;
  return fetched.has_value();
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

Status refuse_misfits(const RestoreRequest& request, const PublicationRecord& publication) {
  if (request.options.allow_dropped_state) return ok();
  const std::vector<std::string> problems = misfits(publication, request.graph);
  if (problems.empty()) return ok();
  std::string text = "the state of checkpoint " + std::to_string(publication.checkpoint.value) +
                     " does not fit this job:";
  for (const std::string& problem : problems) text += "\n  " + problem;
  return Error{Code::kInvalid, text + "\nstart from none, or allow dropped state"};
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
                                const std::vector<CheckpointLog::Entry>& history,
                                StateImage& image) {
  // Misfits are told before anything large is read.
  for (auto entry = history.rbegin(); entry != history.rend(); ++entry)
    if (const auto* newest = std::get_if<PublicationRecord>(&entry->record)) {
      TRY(refuse_misfits(request, *newest));
      break;
    }
  Attempted attempted{.image = &image, .store = &store};
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
  restored.state = image.take(*choice.publication);
  restored.from = choice.reason;
  return restored;
}

Result<Restored> restore_from_uri(const RestoreRequest& request) {
  constexpr std::string_view kCheckpoint = "checkpoint-";
  std::string uri = request.options.from_uri;
  std::optional<std::uint64_t> number;
  bool by_checkpoint = false;
  if (const auto hash = uri.rfind('#'); hash != std::string::npos) {
    std::string digits = uri.substr(hash + 1);
    by_checkpoint = digits.starts_with(kCheckpoint);
    if (by_checkpoint) digits.erase(0, kCheckpoint.size());
    if (digits.empty() || digits.size() > 18 ||
        !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; }))
      return Error{Code::kInvalid,
                   "a snapshot's number is digits after '#' or '#checkpoint-': " + uri};
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
    if (publication == nullptr) continue;
    const std::uint64_t its = by_checkpoint ? publication->checkpoint.value : entry.number.value;
    if (!number || its == *number) found = publication;
  }
  if (found == nullptr) return Error{Code::kInvalid, "no snapshot at " + request.options.from_uri};
  TRY(refuse_misfits(request, *found));
  TRY_ASSIGN(StateImage image, StateImage::make(request));
  TRY(image.fetch(*store, *found));
  return Restored{
      .publication = *found, .state = image.take(*found), .from = request.options.from_uri};
}

}  // namespace penstock
