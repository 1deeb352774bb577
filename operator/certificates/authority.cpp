#include "operator/certificates/authority.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "runtime/base/base64.h"

namespace penstock {
namespace {

using Json = nlohmann::json;

constexpr const char* kCertificate = "ca.crt";
constexpr const char* kKey = "ca.key";

std::string secret_of(const http::KeyPair& authority, const std::string& name) {
  return Json{
      {"apiVersion", "v1"},
      {"kind", "Secret"},
      {"metadata",
       {{"name", name}, {"labels", {{"app.kubernetes.io/managed-by", "penstock-operator"}}}}},
      {"type", "Opaque"},
      {"data",
       {{kCertificate, encode_base64(authority.certificate_pem)},
        {kKey, encode_base64(authority.key_pem)}}}}
      .dump();
}

Result<std::string> value_of(const Json& secret, const char* name, const k8s::ObjectKey& key) {
  const Json data = secret.value("data", Json::object());
  const auto text = data.contains(name) && data[name].is_string()
                        ? decode_base64(data[name].get<std::string>())
                        : std::nullopt;
  if (!text)
    return Error{Code::kInvalid, "Secret " + k8s::to_string(key) + " holds no " + name +
                                     "; delete it, and the operator makes a new one"};
  return *text;
}

Result<http::KeyPair> read(const k8s::Object& object) {
  const Json secret = Json::parse(object.text());
  http::KeyPair pair;
  TRY_ASSIGN(pair.certificate_pem, value_of(secret, kCertificate, object.key()));
  TRY_ASSIGN(pair.key_pem, value_of(secret, kKey, object.key()));
  const auto end = http::not_after(pair.certificate_pem);
  if (!end) return end.error().within("Secret " + k8s::to_string(object.key()));
  return pair;
}

}  // namespace

Result<http::KeyPair> keep_authority(const k8s::Reader& reader, const k8s::Writer& writer,
                                     Clock& clock, const k8s::ObjectKey& key) {
  auto found = reader.get(k8s::secrets(), key);
  if (!found && found.error().code == Code::kNotFound) {
    TRY_ASSIGN(const http::KeyPair made, http::make_authority("penstock", clock.now()));
    const auto kept = writer.create(k8s::secrets(), key.space, secret_of(made, key.name));
    if (kept) return made;
    if (kept.error().code != Code::kAlreadyExists)
      return kept.error().within("Secret " + k8s::to_string(key));
    found = reader.get(k8s::secrets(), key);  // another replica was first
  }
  if (!found) return found.error().within("Secret " + k8s::to_string(key));
  return read(*found);
}

}  // namespace penstock
