#include "operator/webhook/certificate_keeper.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "runtime/base/base64.h"
#include "runtime/base/log.h"

namespace penstock {
namespace {

using Json = nlohmann::json;

const k8s::Resource& configurations() {
  static const k8s::Resource kResource{"admissionregistration.k8s.io", "v1",
                                       "validatingwebhookconfigurations",
                                       "ValidatingWebhookConfiguration", false};
  return kResource;
}

}  // namespace

std::string write_certificate_secret(const k8s::ObjectKey& key, const std::string& version,
                                     const WebhookCertificates& certificates) {
  Json metadata{{"namespace", key.space},
                {"name", key.name},
                {"labels", {{"app.kubernetes.io/managed-by", "penstock-operator"}}}};
  if (!version.empty()) metadata["resourceVersion"] = version;
  return Json{{"apiVersion", "v1"},
              {"kind", "Secret"},
              {"metadata", std::move(metadata)},
              {"type", "Opaque"},
              {"data",
               {{"ca.crt", encode_base64(certificates.bundle_pem)},
                {"ca.key", encode_base64(certificates.authority_key_pem)},
                {"tls.crt", encode_base64(certificates.server.certificate_pem)},
                {"tls.key", encode_base64(certificates.server.key_pem)}}}}
      .dump();
}

std::optional<WebhookCertificates> read_certificate_secret(const std::string& json) {
  const Json secret = Json::parse(json, nullptr, false);
  if (!secret.is_object() || !secret.contains("data")) return std::nullopt;
  const Json& data = secret["data"];
  const auto text_of = [&](const char* key) -> std::string {
    if (!data.is_object() || !data.contains(key) || !data[key].is_string()) return {};
    const auto text = decode_base64(data[key].get_ref<const std::string&>());
    return text ? *text : std::string();
  };
  WebhookCertificates out{
      text_of("ca.crt"), text_of("ca.key"), {text_of("tls.crt"), text_of("tls.key")}};
  if (out.bundle_pem.empty() || out.authority_key_pem.empty()) return std::nullopt;
  return out;
}

std::optional<std::string> bundle_patch(const std::string& configuration_json,
                                        const std::string& bundle_pem) {
  const Json configuration = Json::parse(configuration_json, nullptr, false);
  if (!configuration.is_object() || !configuration.contains("webhooks") ||
      !configuration["webhooks"].is_array())
    return std::nullopt;
  const std::string bundle = encode_base64(bundle_pem);
  Json webhooks = configuration["webhooks"];
  bool differs = false;
  for (Json& webhook : webhooks) {
    if (!webhook.is_object()) return std::nullopt;
    Json& client = webhook["clientConfig"];
    if (!client.is_object()) client = Json::object();
    if (client.value("caBundle", Json()) == Json(bundle)) continue;
    client["caBundle"] = bundle;
    differs = true;
  }
  if (!differs) return std::nullopt;
  // A merge patch replaces a list whole; with the version, none of somebody else's is lost.
  const Json metadata = configuration.value("metadata", Json::object());
  return Json{{"metadata", {{"resourceVersion", metadata.value("resourceVersion", "")}}},
              {"webhooks", std::move(webhooks)}}
      .dump();
}

CertificateKeeper::CertificateKeeper(const k8s::Reader& reader, const k8s::Writer& writer,
                                     Clock& clock, CertificateKeeperOptions options)
    : reader_(reader), writer_(writer), clock_(clock), options_(std::move(options)) {}

Status CertificateKeeper::look() {
  TRY_ASSIGN(const WebhookCertificates certificates, certificates());
  TRY(serve(certificates));
  return publish(certificates.bundle_pem);
}

Result<WebhookCertificates> CertificateKeeper::certificates() {
  const k8s::ObjectKey& key = options_.secret;
  const std::string what = "Secret " + k8s::to_string(key);
  const auto secret = reader_.get(k8s::secrets(), key);
  if (!secret && secret.error().code != Code::kNotFound) return secret.error().within(what);
  const auto kept = secret ? read_certificate_secret(secret->text()) : std::nullopt;
  const Millis now = clock_.now();
  const CertificateDecision decision =
      decide_certificates(kept, options_.hosts, options_.leads(), options_.times, now);
  if (decision.act == CertificateAct::kKeep) return *kept;
  TRY_ASSIGN(WebhookCertificates next,
             renew_certificates(decision.act, kept, options_.hosts, options_.times, now));
  const std::string json =
      write_certificate_secret(key, secret ? secret->resource_version() : "", next);
  const auto written = secret ? writer_.update(k8s::secrets(), key, json)
                              : writer_.create(k8s::secrets(), key.space, json);
  if (!written && written.error().code == Code::kAlreadyExists)
    return Error{Code::kConflict, written.error().message};
  if (!written) return written.error().within(what);
  log::info("the webhook's certificates are renewed",
            {{"path", k8s::to_string(key)}, {"reason", decision.reason}});
  return next;
}

Status CertificateKeeper::serve(const WebhookCertificates& certificates) {
  if (served_ == certificates.server.certificate_pem) return ok();
  TRY(options_.use(certificates.server));
  served_ = certificates.server.certificate_pem;
  return ok();
}

Status CertificateKeeper::publish(const std::string& bundle_pem) const {
  if (options_.configuration.empty()) return ok();
  const k8s::ObjectKey key{"", options_.configuration};
  const std::string what = "ValidatingWebhookConfiguration " + key.name;
  const auto configuration = reader_.get(configurations(), key);
  if (!configuration) return configuration.error().within(what);
  const auto patch = bundle_patch(configuration->text(), bundle_pem);
  if (!patch) return ok();
  const auto written = writer_.patch(configurations(), key, *patch);
  if (!written) return written.error().within(what);
  log::info("the webhook's caBundle is set", {{"path", key.name}});
  return ok();
}

}  // namespace penstock
