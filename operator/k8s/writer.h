#pragma once

#include <string>
#include <string_view>

#include "operator/k8s/object.h"
#include "operator/k8s/resource.h"
#include "operator/k8s/transport.h"

namespace penstock::k8s {

// What a delete insists on; empty fields insist on nothing.
struct Preconditions {
  std::string uid;
  std::string resource_version;
};

// Writes objects. Any thread; calls block. Bodies are JSON. Answers: kConflict when what was
// observed has changed, kAlreadyExists, kNotFound, kInvalid with the server's message,
// kUnavailable.
//
// A request may silently be sent twice (see Transport): a repeated create ends in kAlreadyExists, a
// repeated update, patch or delete with a resourceVersion in kConflict or kNotFound, never in a
// second effect.
class Writer {
 public:
  // `field_manager` signs the writes, so that two writers of one field can be told apart.
  Writer(Transport& transport, std::string field_manager)
      : transport_(transport), field_manager_(std::move(field_manager)) {}

  // `json` carries metadata.name.
  Result<Object> create(const Resource& resource, const std::string& space,
                        std::string_view json) const;
  // Replaces the object, or one subresource of it ("status", "scale", "resize"). `json` carries the
  // observed metadata.resourceVersion.
  Result<Object> update(const Resource& resource, const ObjectKey& key, std::string_view json,
                        std::string_view subresource = {}) const;
  // JSON merge patch. `json` carries metadata.resourceVersion, unless repeating it does no harm.
  Result<Object> patch(const Resource& resource, const ObjectKey& key, std::string_view json,
                       std::string_view subresource = {}) const;
  // Only what the owner observed; the answer is the last state, or a Status, both dropped.
  Status remove(const Resource& resource, const ObjectKey& key, const Preconditions& only,
                int grace_seconds = -1) const;

 private:
  Result<Object> send(std::string_view method, std::string target, std::string_view body,
                      std::string_view content_type) const;

  Transport& transport_;
  const std::string field_manager_;
};

}  // namespace penstock::k8s
