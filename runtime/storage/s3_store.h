#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "runtime/base/clock.h"
#include "runtime/base/guarded.h"
#include "runtime/base/random.h"
#include "runtime/storage/blob_store.h"
#include "runtime/storage/s3_config.h"
#include "runtime/storage/s3_http.h"
#include "runtime/storage/s3_protocol.h"

namespace penstock {

// Blobs as objects below a prefix of a bucket, one PUT each. A put carries If-None-Match: *, so
// that the server decides between processes, and an id of its own, by which one whose outcome was
// unknown is found again. Calls try again for about kPatience; then kUnavailable. Any thread, any
// number of processes.
class S3Store final : public BlobStore {
 public:
  static constexpr int kTries = 6;
  static constexpr Duration kPatience = std::chrono::seconds(20);

  struct Ports {
    std::unique_ptr<s3::Http> http;
    Clock& clock;            // has to outlive the store
    std::uint64_t seed = 0;  // different in each process: put ids are drawn from it
  };
  // Sees that the bucket can be written and that its server honours If-None-Match, on an object
  // ".probe" that stays. kInvalid when it does not; kUnavailable, saying what to do, when the
  // server, the bucket or the keys are not right (yet).
  static Result<std::unique_ptr<S3Store>> open(s3::Config config, Ports ports);
  // Writes nothing; kNotFound when nothing is there.
  static Result<std::unique_ptr<S3Store>> open_existing(s3::Config config, Ports ports);

  Status put_if_absent(std::string_view name, std::string_view bytes) override;
  Result<std::string> get(std::string_view name) override;
  Result<std::string> get_range(std::string_view name, std::uint64_t offset,
                                std::uint64_t size) override;
  Result<std::vector<std::string>> list(std::string_view prefix) override;
  Status remove(std::string_view name) override;
  void cancel() override { stop_.request_stop(); }
  std::string uri() const override { return config_.uri(); }

 private:
  struct Reply {
    s3::Judgement judgement;
    s3::Answer answer;
  };
  using MakeRequest = std::function<s3::Request(const s3::Config&)>;

  S3Store(s3::Config config, Ports ports);
  s3::Config here();
  Reply ask(const MakeRequest& request);
  Result<s3::ListPage> list_page(std::string_view prefix, std::string_view token, int most);
  std::string draw_put_id();
  Reply put(std::string_view name, std::string_view bytes, const std::string& put_id);
  Status probe();
  Error not_found(std::string_view name) const;
  Error too_short(std::string_view name, std::uint64_t offset, std::uint64_t size,
                  std::uint64_t total) const;
  Result<std::uint64_t> size_of(std::string_view name);

  const s3::Config config_;  // of the region see here()
  const std::unique_ptr<s3::Http> http_;
  Clock& clock_;
  Guarded<std::string> region_;
  Guarded<Random> random_;
  std::stop_source stop_;
};

}  // namespace penstock
