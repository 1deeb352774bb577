// The service over the wire, asked as KEDA asks.
#include "operator/keda/server.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <thread>

#include "controllers/api/json.h"
#include "controllers/api/stream_job.h"
#include "operator/keda/proto/externalscaler.grpc.pb.h"
#include "runtime/http/certificates.h"

namespace penstock::keda {
namespace {

namespace proto = ::externalscaler;
using grpc::StatusCode;
using testing::HasSubstr;

class Served : public testing::Test {
 protected:
  Served() {
    put(3);
    server_ = ScalerServer::start(jobs_, clock_, {.address = "127.0.0.1:0"}).value();
    channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()),
                                   grpc::InsecureChannelCredentials());
    stub_ = proto::ExternalScaler::NewStub(channel_);
  }

  void put(std::int32_t recommended, bool suspended = false) {
    api::StreamJob job;
    job.metadata = {.name = "bids", .name_space = "team", .uid = "u"};
    job.status.phase = suspended ? api::Phase::kSuspended : api::Phase::kRunning;
    job.status.refreshed_at = {clock_.now()};
    job.status.operators = {{.name = "a", .records_in_per_second = 1.0, .lag = 7.0}};
    job.status.scaling = api::ScalingStatus{.at = {clock_.now()},
                                            .mode = api::ScalingMode::kRecommend,
                                            .current = 1,
                                            .recommended = recommended};
    job.metadata.resource_version = std::to_string(++version_);
    jobs_.put(k8s::Object::parse(api::encode(job)).value());
  }

  static proto::ScaledObjectRef ref(const std::map<std::string, std::string>& metadata,
                                    const std::string& name = "bids") {
    proto::ScaledObjectRef made;
    made.set_name(name);
    made.set_namespace_("team");
    made.mutable_scalermetadata()->insert(metadata.begin(), metadata.end());
    return made;
  }

  ManualClock clock_{1'700'000'000'000};
  k8s::ObjectStore jobs_;
  int version_ = 0;
  std::unique_ptr<ScalerServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<proto::ExternalScaler::Stub> stub_;
};

TEST_F(Served, PolledForTheRecommendedSlots) {
  proto::GetMetricSpecResponse spec;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(stub_->GetMetricSpec(&context, ref({}), &spec).ok());
  }
  ASSERT_EQ(spec.metricspecs_size(), 1);
  EXPECT_EQ(spec.metricspecs(0).metricname(), "penstock-slots");
  EXPECT_EQ(spec.metricspecs(0).targetsizefloat(), 1);
  EXPECT_EQ(spec.metricspecs(0).targetsize(), 1);
  for (const int slots : {3, 8}) {
    put(slots);
    proto::GetMetricsRequest request;
    *request.mutable_scaledobjectref() = ref({});
    request.set_metricname(spec.metricspecs(0).metricname());
    proto::GetMetricsResponse values;
    grpc::ClientContext context;
    ASSERT_TRUE(stub_->GetMetrics(&context, request, &values).ok());
    ASSERT_EQ(values.metricvalues_size(), 1);
    EXPECT_EQ(values.metricvalues(0).metricvaluefloat(), slots);
    EXPECT_EQ(values.metricvalues(0).metricvalue(), slots);
  }
  proto::IsActiveResponse active;
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->IsActive(&context, ref({}), &active).ok());
  EXPECT_TRUE(active.result());
}

TEST_F(Served, PolledForTheLag) {
  proto::GetMetricsRequest request;
  *request.mutable_scaledobjectref() = ref({{"metric", "lag"}, {"target", "100"}});
  request.set_metricname("penstock-lag");
  proto::GetMetricsResponse values;
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->GetMetrics(&context, request, &values).ok());
  EXPECT_EQ(values.metricvalues(0).metricvaluefloat(), 7);
}

TEST_F(Served, WhatCannotBeAnsweredIsAnErrorThatSaysWhy) {
  const auto metrics = [&](const proto::ScaledObjectRef& about, const std::string& metric) {
    proto::GetMetricsRequest request;
    *request.mutable_scaledobjectref() = about;
    request.set_metricname(metric);
    proto::GetMetricsResponse values;
    grpc::ClientContext context;
    return stub_->GetMetrics(&context, request, &values);
  };
  EXPECT_EQ(metrics(ref({}, "nobody"), "").error_code(), StatusCode::NOT_FOUND);
  EXPECT_THAT(metrics(ref({}, "nobody"), "").error_message(), HasSubstr("nobody"));
  EXPECT_EQ(metrics(ref({{"metric", "cpu"}}), "").error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(metrics(ref({}), "penstock-lag").error_code(), StatusCode::INVALID_ARGUMENT);
  clock_.advance(std::chrono::minutes(2));
  EXPECT_EQ(metrics(ref({}), "").error_code(), StatusCode::UNAVAILABLE) << "stale";
}

TEST_F(Served, PushesActivityAtOnceAndWithEveryChange) {
  grpc::ClientContext context;
  const auto stream = stub_->StreamIsActive(&context, ref({}));
  proto::IsActiveResponse told;
  ASSERT_TRUE(stream->Read(&told));
  EXPECT_TRUE(told.result());
  for (const bool suspended : {true, false, true}) {
    put(3, suspended);
    // The server's thread looks once a second of this clock; it may not be asleep yet.
    std::jthread time([&](const std::stop_token& stop) {
      SystemClock real;
      while (real.sleep(std::chrono::milliseconds(5), stop))
        clock_.advance(std::chrono::milliseconds(200));
    });
    ASSERT_TRUE(stream->Read(&told));
    EXPECT_EQ(told.result(), !suspended);
  }
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), StatusCode::CANCELLED);
}

TEST_F(Served, AListenerOfNoTriggerIsToldAndOneOfNoJobWaits) {
  grpc::ClientContext wrong;
  const auto refused = stub_->StreamIsActive(&wrong, ref({{"metric", "cpu"}}));
  proto::IsActiveResponse told;
  EXPECT_FALSE(refused->Read(&told));
  EXPECT_EQ(refused->Finish().error_code(), StatusCode::INVALID_ARGUMENT);

  grpc::ClientContext early;
  const auto waiting = stub_->StreamIsActive(&early, ref({}, "nobody"));
  server_.reset();
  EXPECT_FALSE(waiting->Read(&told));
  EXPECT_EQ(waiting->Finish().error_code(), StatusCode::UNAVAILABLE) << "the operator ends";
}

// By path and bytes, as KEDA's own definition has them, whatever our copy of it says.
TEST_F(Served, SpeaksTheProtocolByteForByte) {
  const auto call = [&](const std::string& method, const std::string& bytes) {
    grpc::GenericStub stub(channel_);
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    const grpc::Slice slice(bytes);
    const auto reader = stub.PrepareUnaryCall(&context, "/externalscaler.ExternalScaler/" + method,
                                              grpc::ByteBuffer(&slice, 1), &queue);
    reader->StartCall();
    grpc::ByteBuffer answer;
    grpc::Status status;
    reader->Finish(&answer, &status, nullptr);
    void* tag = nullptr;
    bool done = false;
    EXPECT_TRUE(queue.Next(&tag, &done));
    EXPECT_TRUE(status.ok()) << method << ": " << status.error_message();
    grpc::Slice all;
    EXPECT_TRUE(answer.TrySingleSlice(&all).ok() || answer.DumpToSingleSlice(&all).ok());
    return std::string(reinterpret_cast<const char*>(all.begin()), all.size());
  };
  using std::string_literals::operator""s;
  // ScaledObjectRef: name (1) bids, namespace (2) team, scalerMetadata (3) {metric: slots}.
  const std::string about =
      "\x0a\x04"
      "bids\x12\x04"
      "team\x1a\x0f\x0a\x06metric\x12\x05slots"s;
  EXPECT_EQ(call("IsActive", about), "\x08\x01"s);
  // metricSpecs (1): metricName (1), targetSize (2) 1, targetSizeFloat (3) 1.0.
  EXPECT_EQ(call("GetMetricSpec", about),
            "\x0a\x1b\x0a\x0epenstock-slots\x10\x01\x19\x00\x00\x00\x00\x00\x00\xf0\x3f"s);
  // scaledObjectRef (1), metricName (2); metricValues (1): metricName (1), metricValue (2) 3,
  // metricValueFloat (3) 3.0.
  const std::string request =
      "\x0a"s + static_cast<char>(about.size()) + about + "\x12\x0epenstock-slots"s;
  EXPECT_EQ(call("GetMetrics", request),
            "\x0a\x1b\x0a\x0epenstock-slots\x10\x03\x19\x00\x00\x00\x00\x00\x00\x08\x40"s);
}

TEST(ScalerServer, NeedsACertificateBeyondLoopback) {
  k8s::ObjectStore jobs;
  SystemClock clock;
  const auto refused = ScalerServer::start(jobs, clock, {.address = "0.0.0.0:0"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalid);
}

TEST(ScalerServer, APortInUseIsRefused) {
  k8s::ObjectStore jobs;
  SystemClock clock;
  const auto first = ScalerServer::start(jobs, clock, {.address = "127.0.0.1:0"});
  ASSERT_TRUE(first);
  const auto second = ScalerServer::start(
      jobs, clock, {.address = "127.0.0.1:" + std::to_string((*first)->port())});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kUnavailable);
}

TEST(ScalerServer, SpeaksTlsOfTheInstallationsAuthority) {
  k8s::ObjectStore jobs;
  SystemClock clock;
  const auto authority = http::make_authority("test", clock.now()).value();
  const auto pair =
      http::issue(authority,
                  {.common_name = "penstock-keda.ops.svc", .hosts = {"penstock-keda.ops.svc"}},
                  clock.now())
          .value();
  const auto server = ScalerServer::start(
      jobs, clock,
      {.address = "127.0.0.1:0", .certificate = pair.certificate_pem, .key = pair.key_pem});
  ASSERT_TRUE(server) << server.error().message;
  const auto ask = [&](const std::string& authority_pem, const std::string& name) {
    grpc::ChannelArguments arguments;
    arguments.SetSslTargetNameOverride(name);
    const auto channel = grpc::CreateCustomChannel(
        "127.0.0.1:" + std::to_string((*server)->port()),
        grpc::SslCredentials({.pem_root_certs = authority_pem}), arguments);
    proto::MetricSpec spec;
    proto::GetMetricSpecResponse response;
    grpc::ClientContext context;
    return proto::ExternalScaler::NewStub(channel)
        ->GetMetricSpec(&context, proto::ScaledObjectRef(), &response)
        .error_code();
  };
  EXPECT_EQ(ask(authority.certificate_pem, "penstock-keda.ops.svc"), StatusCode::OK);
  EXPECT_EQ(ask(authority.certificate_pem, "other.ops.svc"), StatusCode::UNAVAILABLE);
  const auto other = http::make_authority("other", clock.now()).value();
  EXPECT_EQ(ask(other.certificate_pem, "penstock-keda.ops.svc"), StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace penstock::keda
