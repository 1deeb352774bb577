#include "operator/apiserver/protobuf.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>

#include "operator/apiserver/time_text.h"
#include "runtime/base/base64.h"
#include "runtime/base/clock.h"

namespace penstock::apiserver {

namespace {

enum class Shape {
  kText,
  kBytes,
  kInteger,
  kBoolean,
  kMessage,
  kTime,
  kMicroTime,
  kTextMap,
  kBytesMap
};

// One field of a message: what it is called in JSON, and how it is read.
struct Field {
  std::uint32_t number;
  const char* name;
  Shape shape;
  bool repeated = false;
  std::span<const Field> message = {};
};

constexpr Field kOwner[] = {
    {1, "kind", Shape::kText},          {3, "name", Shape::kText},
    {4, "uid", Shape::kText},           {5, "apiVersion", Shape::kText},
    {6, "controller", Shape::kBoolean}, {7, "blockOwnerDeletion", Shape::kBoolean}};
constexpr Field kMeta[] = {{1, "name", Shape::kText},
                           {2, "generateName", Shape::kText},
                           {3, "namespace", Shape::kText},
                           {5, "uid", Shape::kText},
                           {6, "resourceVersion", Shape::kText},
                           {8, "creationTimestamp", Shape::kTime},
                           {11, "labels", Shape::kTextMap},
                           {12, "annotations", Shape::kTextMap},
                           {13, "ownerReferences", Shape::kMessage, true, kOwner},
                           {14, "finalizers", Shape::kText, true}};
constexpr Field kNamespaceSpec[] = {{1, "finalizers", Shape::kText, true}};
constexpr Field kNamespace[] = {{1, "metadata", Shape::kMessage, false, kMeta},
                                {2, "spec", Shape::kMessage, false, kNamespaceSpec}};
constexpr Field kConfigMap[] = {{1, "metadata", Shape::kMessage, false, kMeta},
                                {2, "data", Shape::kTextMap},
                                {3, "binaryData", Shape::kBytesMap},
                                {4, "immutable", Shape::kBoolean}};
constexpr Field kSecret[] = {{1, "metadata", Shape::kMessage, false, kMeta},
                             {2, "data", Shape::kBytesMap},
                             {3, "type", Shape::kText},
                             {4, "stringData", Shape::kTextMap},
                             {5, "immutable", Shape::kBoolean}};
constexpr Field kLeaseSpec[] = {{1, "holderIdentity", Shape::kText},
                                {2, "leaseDurationSeconds", Shape::kInteger},
                                {3, "acquireTime", Shape::kMicroTime},
                                {4, "renewTime", Shape::kMicroTime},
                                {5, "leaseTransitions", Shape::kInteger}};
constexpr Field kLease[] = {{1, "metadata", Shape::kMessage, false, kMeta},
                            {2, "spec", Shape::kMessage, false, kLeaseSpec}};
constexpr Field kType[] = {{1, "apiVersion", Shape::kText}, {2, "kind", Shape::kText}};
constexpr Field kMapEntry[] = {{1, "key", Shape::kText}, {2, "value", Shape::kText}};
constexpr Field kTimestamp[] = {{1, "seconds", Shape::kInteger}, {2, "nanos", Shape::kInteger}};
constexpr Field kUnknown[] = {{1, "type", Shape::kMessage, false, kType},
                              {2, "raw", Shape::kBytes}};

// Reads the wire format; every method says nothing when the bytes end too early.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  bool done() const { return bytes_.empty(); }

  std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }
  std::optional<std::string_view> block() {
    const auto size = varint();
    return size ? take(*size) : std::nullopt;
  }
  bool skip(std::uint64_t wire_type) {
    switch (wire_type) {
      case 0:
        return varint().has_value();
      case 1:
        return take(8).has_value();
      case 2:
        return block().has_value();
      case 5:
        return take(4).has_value();
      default:
        return false;
    }
  }

 private:
  std::optional<std::string_view> take(std::uint64_t size) {
    if (size > bytes_.size()) return std::nullopt;
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  std::string_view bytes_;
};

std::optional<Json> read_message(std::string_view bytes, std::span<const Field> fields);

std::optional<Json> read_time(std::string_view bytes, bool micro) {
  const auto time = read_message(bytes, kTimestamp);
  if (!time) return std::nullopt;
  if (time->empty()) return Json();
  const auto seconds = time->value("seconds", std::int64_t{0});
  const auto nanos = time->value("nanos", std::int64_t{0});
  // The years 1 to 9999, as protobuf's own Timestamp has them.
  const bool valid = seconds >= -62'135'596'800 && seconds <= 253'402'300'799 && nanos >= 0 &&
                     nanos < 1'000'000'000;
  if (!valid) return std::nullopt;
  const Millis millis = seconds * 1000 + nanos / 1'000'000;
  if (!micro) return Json(to_timestamp(millis));
  std::string text = to_rfc3339(millis);  // three digits; MicroTime has six
  text.insert(text.size() - 1, "000");
  return Json(text);
}

// A value that came as a block of bytes; null JSON stands for "leave it out".
std::optional<Json> read_block(const Field& field, std::string_view block) {
  switch (field.shape) {
    case Shape::kText:
      return Json(block);
    case Shape::kBytes:
      return Json(block);
    case Shape::kMessage:
      return read_message(block, field.message);
    case Shape::kTime:
      return read_time(block, false);
    case Shape::kMicroTime:
      return read_time(block, true);
    case Shape::kTextMap:
    case Shape::kBytesMap: {
      const auto entry = read_message(block, kMapEntry);
      if (!entry) return std::nullopt;
      const std::string value = entry->value("value", "");
      return Json{{entry->value("key", ""),
                   field.shape == Shape::kBytesMap ? encode_base64(value) : value}};
    }
    case Shape::kInteger:
    case Shape::kBoolean:
      return std::nullopt;
  }
  return std::nullopt;
}

bool store_block(Json& object, const Field& field, std::string_view block) {
  std::optional<Json> value = read_block(field, block);
  if (!value) return false;
  const bool is_map = field.shape == Shape::kTextMap || field.shape == Shape::kBytesMap;
  if (is_map) {
    object[field.name].update(*value);
  } else if (field.repeated) {
    object[field.name].push_back(std::move(*value));
  } else if (!value->is_null() &&
             !(value->is_string() && block.empty() && field.shape == Shape::kText &&
               std::string_view(field.name) != "value")) {
    object[field.name] = std::move(*value);
  }
  return true;
}

std::optional<Json> read_message(std::string_view bytes, std::span<const Field> fields) {
  Json object = Json::object();
  Reader reader(bytes);
  while (!reader.done()) {
    const auto tag = reader.varint();
    if (!tag) return std::nullopt;
    const Field* field = nullptr;
    for (const Field& candidate : fields) {
      if (candidate.number == *tag >> 3) field = &candidate;
    }
    const std::uint64_t wire_type = *tag & 7;
    const bool is_number =
        field != nullptr && (field->shape == Shape::kInteger || field->shape == Shape::kBoolean);
    if (field != nullptr && is_number && wire_type == 0) {
      const auto value = reader.varint();
      if (!value) return std::nullopt;
      object[field->name] = field->shape == Shape::kBoolean
                                ? Json(*value != 0)
                                : Json(static_cast<std::int64_t>(*value));
    } else if (field != nullptr && !is_number && wire_type == 2) {
      const auto block = reader.block();
      if (!block || !store_block(object, *field, *block)) return std::nullopt;
    } else if (!reader.skip(wire_type)) {
      return std::nullopt;
    }
  }
  return object;
}

std::span<const Field> message_of(const std::string& api_version, const std::string& kind) {
  if (api_version == "v1" && kind == "Namespace") return kNamespace;
  if (api_version == "v1" && kind == "ConfigMap") return kConfigMap;
  if (api_version == "v1" && kind == "Secret") return kSecret;
  if (api_version == "coordination.k8s.io/v1" && kind == "Lease") return kLease;
  return {};
}

}  // namespace

bool is_protobuf(std::string_view content_type) {
  return content_type.starts_with("application/vnd.kubernetes.protobuf");
}

Answer<Json> decode_protobuf(std::string_view body) {
  constexpr std::string_view kMagic("k8s\0", 4);
  if (!body.starts_with(kMagic)) {
    return bad_request(
        "provided data does not appear to be a protobuf message, expected prefix 'k8s\\0'");
  }
  const auto envelope = read_message(body.substr(kMagic.size()), kUnknown);
  if (!envelope || !envelope->contains("type")) return bad_request("malformed protobuf envelope");
  const std::string api_version = (*envelope)["type"].value("apiVersion", "");
  const std::string kind = (*envelope)["type"].value("kind", "");
  const auto fields = message_of(api_version, kind);
  if (fields.empty()) return unsupported_media_type("application/json, application/yaml");
  auto object = read_message(envelope->value("raw", ""), fields);
  if (!object) return bad_request("malformed protobuf of " + kind);
  (*object)["apiVersion"] = api_version;
  (*object)["kind"] = kind;
  return *std::move(object);
}

}  // namespace penstock::apiserver
