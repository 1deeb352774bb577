#include "operator/process_runner/pod_objects.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "operator/cache/informer.h"
#include "operator/k8s/reader.h"
#include "runtime/base/base64.h"
#include "runtime/base/guarded.h"

namespace penstock {
namespace {

using Json = nlohmann::json;
using Kind = PodMount::Kind;

// Appends the decoded values of `field` to `keys`.
Status add_keys(const Json& object, const char* field, bool encoded,
                std::map<std::string, std::string>& keys) {
  const Json data = object.value(field, Json::object());  // items() only refers to it
  for (const auto& [key, value] : data.items()) {
    if (!encoded) {
      keys[key] = value.get<std::string>();
      continue;
    }
    auto decoded = decode_base64(value.get<std::string>());
    if (!decoded) return Error{Code::kInvalid, "a Secret's " + key + " is no base64"};
    keys[key] = std::move(*decoded);
  }
  return ok();
}

class FollowedObjects final : public PodObjects {
 public:
  FollowedObjects(k8s::Transport& transport, Clock& clock, std::function<void()> on_change)
      : reader_(transport),
        on_change_(std::move(on_change)),
        config_map_informer_(reader_, k8s::config_maps(), k8s::Scope{}, config_maps_, clock, 2,
                             [this](const auto& change) { note(Kind::kConfigMap, change); }),
        secret_informer_(reader_, k8s::secrets(), k8s::Scope{}, secrets_, clock, 3,
                         [this](const auto& change) { note(Kind::kSecret, change); }) {}

  Result<std::map<std::string, std::string>> read(const PodObject& wanted) const override {
    const bool secret = wanted.kind == Kind::kSecret;
    TRY_ASSIGN(const k8s::Object object, reader_.get(secret ? k8s::secrets() : k8s::config_maps(),
                                                     {wanted.space, wanted.name}));
    const Json json = Json::parse(object.text(), nullptr, false);
    std::map<std::string, std::string> keys;
    TRY(add_keys(json, "data", secret, keys));
    TRY(add_keys(json, "binaryData", true, keys));
    return keys;
  }

  std::vector<PodObject> take_changed() override {
    return changed_.with([](auto& list) { return std::exchange(list, {}); });
  }

 private:
  // What was deleted stays as it is where it is mounted, as with a kubelet.
  void note(Kind kind, const k8s::StoreChange& change) {
    if (!change.after) return;
    changed_.with([&](auto& list) {
      list.push_back({change.after->key().space, kind, change.after->key().name});
    });
    on_change_();
  }

  k8s::Reader reader_;
  const std::function<void()> on_change_;
  Guarded<std::vector<PodObject>> changed_;
  k8s::ObjectStore config_maps_, secrets_;
  k8s::Informer config_map_informer_, secret_informer_;  // last: their threads use all the others
};

}  // namespace

std::unique_ptr<PodObjects> PodObjects::follow(k8s::Transport& transport, Clock& clock,
                                               std::function<void()> on_change) {
  return std::make_unique<FollowedObjects>(transport, clock, std::move(on_change));
}

}  // namespace penstock
