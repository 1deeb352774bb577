#include "operator/webhook/file_certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace penstock {
namespace {

class Files : public testing::Test {
 protected:
  Files() : folder_(testing::TempDir() + "file_certificates") {
    std::filesystem::create_directories(folder_);
  }
  ~Files() override { std::filesystem::remove_all(folder_); }
  static http::ServerCertificate make() {
    return http::make_server_certificate({"a"}, 1'800'000'000'000).value();
  }
  void write(const char* name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::trunc) << text;
  }

  const std::filesystem::path folder_;
  std::vector<std::string> served_;
  FileCertificates files_{folder_, [this](const http::KeyPair& pair) {
                            served_.push_back(pair.certificate_pem);
                            return ok();
                          }};
};

TEST_F(Files, AreServedWhenTheyChange) {
  const auto first = make(), second = make();
  write("tls.crt", first.certificate_pem);
  write("tls.key", first.key_pem);
  ASSERT_TRUE(files_.look());
  ASSERT_TRUE(files_.look());
  EXPECT_THAT(served_, testing::ElementsAre(first.certificate_pem));
  write("tls.crt", second.certificate_pem);
  EXPECT_THAT(files_.look().error().message, testing::HasSubstr("not that of the certificate"))
      << "half of the change is not served";
  write("tls.key", second.key_pem);
  ASSERT_TRUE(files_.look());
  EXPECT_THAT(served_, testing::ElementsAre(first.certificate_pem, second.certificate_pem));
}

TEST_F(Files, ThatAreMissingAreNamed) {
  EXPECT_THAT(files_.look().error().message, testing::HasSubstr("tls.crt"));
  write("tls.crt", make().certificate_pem);
  EXPECT_THAT(files_.look().error().message, testing::HasSubstr("tls.key"));
}

}  // namespace
}  // namespace penstock
