#include "operator/reconcilers/namespace_scope.h"

#include <algorithm>
#include <optional>

namespace penstock {
namespace {

bool is_label_text(std::string_view text) {
  return text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
             "-_./") == std::string_view::npos;
}

std::optional<LabelRequirement> parse_requirement(std::string_view part) {
  using Kind = LabelRequirement::Kind;
  LabelRequirement it;
  if (const std::size_t at = part.find('='); at != std::string_view::npos) {
    const bool differs = at > 0 && part[at - 1] == '!';
    const bool twice = at + 1 < part.size() && part[at + 1] == '=';
    if (differs && twice) return std::nullopt;
    it = {differs ? Kind::kDiffers : Kind::kEquals,
          std::string(part.substr(0, differs ? at - 1 : at)),
          std::string(part.substr(twice ? at + 2 : at + 1))};
  } else if (part.starts_with('!')) {
    it = {Kind::kAbsent, std::string(part.substr(1)), {}};
  } else {
    it = {Kind::kExists, std::string(part), {}};
  }
  if (it.key.empty() || !is_label_text(it.key) || !is_label_text(it.value)) return std::nullopt;
  return it;
}

}  // namespace

Result<LabelSelector> parse_label_selector(std::string_view text) {
  LabelSelector selector;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const auto requirement = parse_requirement(text.substr(at, end - at));
    if (!requirement)
      return Error{Code::kInvalid, "a label selector is a list such as team=a,tier!=test,ours; '" +
                                       std::string(text.substr(at, end - at)) +
                                       "' is no part of one"};
    selector.push_back(*requirement);
    at = end + 1;
  }
  return selector;
}

bool selects(const LabelSelector& selector, const std::map<std::string, std::string>& labels) {
  using Kind = LabelRequirement::Kind;
  return std::ranges::all_of(selector, [&](const LabelRequirement& one) {
    const auto found = labels.find(one.key);
    const bool there = found != labels.end();
    switch (one.kind) {
      case Kind::kEquals:
        return there && found->second == one.value;
      case Kind::kDiffers:
        return !there || found->second != one.value;
      case Kind::kExists:
        return there;
      case Kind::kAbsent:
        return !there;
    }
    return false;
  });
}

bool in_scope(const LabelSelector& selector, const k8s::ObjectStore& namespaces,
              const std::string& space) {
  const auto found = namespaces.find({"", space});
  return found && selects(selector, found->meta().labels);
}

void wake_for_namespace(const Stores& stores, const k8s::StoreChange& change, const Wake& wake) {
  if (!change.after) return;  // with it goes what is in it
  if (change.before && change.before->meta().labels == change.after->meta().labels) return;
  const std::string& space = change.after->key().name;
  const auto each = [&](const k8s::ObjectStore& store, const auto& add) {
    for (const k8s::Object& object : store.all())
      if (object.key().space == space) add(k8s::to_string(object.key()));
  };
  each(stores.jobs, wake.job);
  each(stores.policies, wake.policy);
  each(stores.snapshots, wake.snapshot);
}

Result<NextLook> ScopedReconciler::reconcile(const std::string& key) {
  if (!selector_.empty() && !in_scope(selector_, namespaces_, k8s::parse_key(key).space))
    return NextLook();
  return inner_.reconcile(key);
}

}  // namespace penstock
