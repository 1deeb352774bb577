#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "operator/cache/store.h"
#include "operator/manager/controller.h"
#include "operator/reconcilers/stores.h"
#include "runtime/base/result.h"

namespace penstock {

// What labels have to be like, every one of them.
struct LabelRequirement {
  enum class Kind { kEquals, kDiffers, kExists, kAbsent } kind = Kind::kEquals;
  std::string key, value;
  friend bool operator==(const LabelRequirement&, const LabelRequirement&) = default;
};
using LabelSelector = std::vector<LabelRequirement>;  // empty selects everything

// "team=a,tier!=test,ours,!theirs". kInvalid names the part that is something else.
Result<LabelSelector> parse_label_selector(std::string_view text);
// As Kubernetes has it: a label that is not there differs from every value.
bool selects(const LabelSelector& selector, const std::map<std::string, std::string>& labels);

// Whether the operator looks after what is in namespace `space`: it is there, and selected.
bool in_scope(const LabelSelector& selector, const k8s::ObjectStore& namespaces,
              const std::string& space);

// Wakes everything in a namespace whose labels changed.
void wake_for_namespace(const Stores& stores, const k8s::StoreChange& change, const Wake& wake);

// Leaves alone what is in no namespace in scope; passes on the rest. Asked anew for every key,
// since labels of namespaces change.
class ScopedReconciler final : public Reconciler {
 public:
  // All outlive it.
  ScopedReconciler(Reconciler& inner, const LabelSelector& selector,
                   const k8s::ObjectStore& namespaces)
      : inner_(inner), selector_(selector), namespaces_(namespaces) {}

  std::string_view name() const override { return inner_.name(); }
  Result<NextLook> reconcile(const std::string& key) override;

 private:
  Reconciler& inner_;
  const LabelSelector& selector_;
  const k8s::ObjectStore& namespaces_;
};

}  // namespace penstock
