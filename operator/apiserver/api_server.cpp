#include "operator/apiserver/api_server.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "operator/apiserver/api.h"
#include "runtime/base/base64.h"
#include "runtime/base/log.h"
#include "runtime/http/certificates.h"

namespace penstock {

namespace {

namespace fs = std::filesystem;

// The server's secrets, kept in the data directory so that a kubeconfig stays valid.
struct Credentials {
  http::ServerCertificate certificate;
  std::string token;
};

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

Status write_text(const fs::path& path, const std::string& text) {
  std::error_code error;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write, error);
  file << text;
  file.close();
  if (!file)
    return Error{Code::kUnavailable,
                 "cannot write " + path.string() + ": is the directory writable?"};
  return ok();
}

Result<Credentials> load_credentials(const fs::path& directory, const std::string& address,
                                     Clock& clock) {
  Credentials credentials;
  credentials.certificate = {read_text(directory / "ca.crt"), read_text(directory / "server.crt"),
                             read_text(directory / "server.key")};
  credentials.token = read_text(directory / "token");
  const bool complete = !credentials.certificate.ca_pem.empty() &&
                        !credentials.certificate.certificate_pem.empty() &&
                        !credentials.certificate.key_pem.empty() && !credentials.token.empty();
  if (complete) return credentials;
  TRY_ASSIGN(credentials.certificate, http::make_server_certificate(
                                          {"127.0.0.1", "localhost", "::1", address}, clock.now()));
  TRY_ASSIGN(credentials.token, http::random_hex(24));
  TRY(write_text(directory / "ca.crt", credentials.certificate.ca_pem));
  TRY(write_text(directory / "server.crt", credentials.certificate.certificate_pem));
  TRY(write_text(directory / "server.key", credentials.certificate.key_pem));
  TRY(write_text(directory / "token", credentials.token));
  return credentials;
}

Result<apiserver::KindTable> make_kinds(const std::vector<std::string>& crds) {
  std::vector<apiserver::KindDefinition> kinds = apiserver::builtin_kinds();
  for (const std::string& crd : crds) {
    TRY_ASSIGN(apiserver::KindDefinition kind, apiserver::kind_from_crd(crd));
    kinds.push_back(std::move(kind));
  }
  return apiserver::KindTable(std::move(kinds));
}

Result<std::uint64_t> random_seed() {
  TRY_ASSIGN(const std::string hex, http::random_hex(8));
  return std::stoull(hex, nullptr, 16);
}

}  // namespace

class ApiServer::Impl {
 public:
  Impl(std::string address, Credentials credentials, std::unique_ptr<apiserver::Store> store)
      : address_(std::move(address)),
        credentials_(std::move(credentials)),
        store_(std::move(store)) {}

  Status serve(const ApiServerOptions& options, apiserver::KindTable kinds, Clock& clock) {
    TRY_ASSIGN(const std::uint64_t seed, random_seed());
    api_ = std::make_unique<apiserver::Api>(*store_, std::move(kinds), clock, options,
                                            credentials_.token, seed);
    TRY(api_->prepare_cluster());
    http::ServerOptions wanted{.address = options.address,
                               .port = options.port,
                               .certificate_pem = credentials_.certificate.certificate_pem,
                               .key_pem = credentials_.certificate.key_pem,
                               .threads = options.threads};
    const apiserver::Json refusal = apiserver::to_status(apiserver::too_large(wanted.body_limit));
    wanted.too_large = {413, {{"Content-Type", "application/json"}}, refusal.dump() + "\n"};
    TRY_ASSIGN(server_,
               http::Server::start(std::move(wanted), [this](const http::Request& request) {
                 return api_->handle(request);
               }));
    log::info("API server listens", {{"address", options.address}, {"port", server_->port()}});
    return ok();
  }

  const std::string address_;
  const Credentials credentials_;
  std::unique_ptr<apiserver::Store> store_;
  std::unique_ptr<apiserver::Api> api_;
  std::unique_ptr<http::Server> server_;  // last: its threads use the others
};

ApiServer::ApiServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ApiServer::~ApiServer() = default;

Result<std::unique_ptr<ApiServer>> ApiServer::start(const ApiServerOptions& options, Clock& clock) {
  const fs::path directory(options.data_directory);
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) {
    return Error{Code::kUnavailable,
                 "cannot make data directory " + directory.string() + ": " + error.message()};
  }
  TRY_ASSIGN(apiserver::KindTable kinds, make_kinds(options.crds));
  TRY_ASSIGN(std::unique_ptr<apiserver::Store> store,
             apiserver::Store::open((directory / "objects.db").string()));
  TRY_ASSIGN(Credentials credentials, load_credentials(directory, options.address, clock));
  auto impl = std::make_unique<Impl>(options.address, std::move(credentials), std::move(store));
  TRY(impl->serve(options, std::move(kinds), clock));
  return std::unique_ptr<ApiServer>(new ApiServer(std::move(impl)));
}

std::uint16_t ApiServer::port() const { return impl_->server_->port(); }
const std::string& ApiServer::token() const { return impl_->credentials_.token; }
const std::string& ApiServer::ca_pem() const { return impl_->credentials_.certificate.ca_pem; }

std::string ApiServer::url() const {
  const bool v6 = impl_->address_.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + impl_->address_ + "]" : impl_->address_;
  return "https://" + host + ":" + std::to_string(port());
}

std::string ApiServer::kubeconfig() const {
  return "apiVersion: v1\nkind: Config\nclusters:\n- name: penstock\n  cluster:\n    server: " +
         url() + "\n    certificate-authority-data: " + encode_base64(ca_pem()) +
         "\nusers:\n- name: penstock\n  user:\n    token: " + token() +
         "\ncontexts:\n- name: penstock\n  context:\n    cluster: penstock\n    user: penstock\n"
         "    namespace: default\ncurrent-context: penstock\n";
}

}  // namespace penstock
