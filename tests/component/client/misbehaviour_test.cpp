#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "operator/k8s/cpprest_transport.h"
#include "operator/k8s/reader.h"
#include "operator/k8s/writer.h"
#include "tests/component/client/scripted_server.h"

namespace penstock::k8s {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

std::string pod_json(int number) {
  return R"({"metadata":{"namespace":"a","name":"p)" + std::to_string(number) +
         R"(","uid":"u","resourceVersion":")" + std::to_string(number) + R"("}})";
}
std::string frame(int number) { return R"({"type":"ADDED","object":)" + pod_json(number) + "}\n"; }
constexpr const char* kMap = R"({"metadata":{"name":"m","namespace":"a"}})";

// The real client against a server that misbehaves as its scripts say.
class Misbehaviour : public testing::Test {
 protected:
  void serve(std::vector<ScriptedServer::Script> scripts, TransportOptions options = {}) {
    server_ = std::make_unique<ScriptedServer>(std::move(scripts));
    Cluster cluster;
    cluster.server = server_->url();
    transport_ = std::move(make_cpprest_transport(cluster, clock_, metrics_, options)).value();
    reader_ = std::make_unique<Reader>(*transport_);
    writer_ = std::make_unique<Writer>(*transport_, "tests");
  }
  // How a watch of Pods ends, and the names that it brought.
  std::variant<std::monostate, Failure> watch() {
    return reader_->watch(
        pods(), {.resource_version = "1"},
        [this](WatchFrame it) { names_.push_back(std::get<Changed>(it).object.key().name); },
        stop_.get_token());
  }
  static Failure::Kind kind(const std::variant<std::monostate, Failure>& end) {
    return std::get<Failure>(end).kind;
  }

  SystemClock clock_;
  metrics::Registry metrics_;
  std::stop_source stop_;
  std::vector<std::string> names_;
  std::unique_ptr<ScriptedServer> server_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Reader> reader_;
  std::unique_ptr<Writer> writer_;
};

TEST_F(Misbehaviour, AFrameCutByAResetIsNoFrameAndTheOnesBeforeAreKept) {
  std::promise<void> seen;
  serve({[&](Connection& it) {
    it.read_request();
    it.begin_stream();
    it.chunk(frame(2) + frame(3).substr(0, 20));
    seen.get_future().wait();
    it.reset();
  }});
  const auto end = reader_->watch(pods(), {.resource_version = "1"},
                                  [&](WatchFrame it) {
                                    names_.push_back(std::get<Changed>(it).object.key().name);
                                    seen.set_value();
                                  },
                                  {});
  EXPECT_EQ(kind(end), Failure::Kind::kUnreachable);
  EXPECT_THAT(names_, ElementsAre("p2"));
}

TEST_F(Misbehaviour, AStreamHalfClosedInAChunkIsUnreachableNotEnded) {
  serve({[](Connection& it) {
    it.read_request();
    it.begin_stream();
    it.chunk(frame(2));
    it.send_text("400\r\n" + frame(3).substr(0, 30));
    it.half_close();
    it.stay_silent();
  }});
  EXPECT_EQ(kind(watch()), Failure::Kind::kUnreachable);
  EXPECT_THAT(names_, ElementsAre("p2"));
}

TEST_F(Misbehaviour, AStreamClosedBetweenChunksWithoutItsEndIsUnreachable) {
  serve({[](Connection& it) {
    it.read_request();
    it.begin_stream();
    it.chunk(frame(2));
  }});
  EXPECT_EQ(kind(watch()), Failure::Kind::kUnreachable);
  EXPECT_THAT(names_, ElementsAre("p2"));
}

TEST_F(Misbehaviour, AStreamThatEndsInTheMiddleOfAFrameDropsIt) {
  serve({[](Connection& it) {
    it.read_request();
    it.begin_stream();
    it.chunk(frame(2) + frame(3).substr(0, 25));
    it.end_stream();
  }});
  EXPECT_TRUE(std::holds_alternative<std::monostate>(watch()));
  EXPECT_THAT(names_, ElementsAre("p2"));
}

TEST_F(Misbehaviour, FramesThatComeByteByByteAreWhole) {
  serve({[](Connection& it) {
    it.read_request();
    it.begin_stream();
    for (const char byte : frame(2) + frame(3)) it.chunk({&byte, 1});
    it.end_stream();
  }});
  EXPECT_TRUE(std::holds_alternative<std::monostate>(watch()));
  EXPECT_THAT(names_, ElementsAre("p2", "p3"));
}

TEST_F(Misbehaviour, ALineThatNeverEndsIsGivenUp) {
  serve({[](Connection& it) {
    it.read_request();
    it.begin_stream();
    const std::string piece(1 << 20, 'x');
    for (int i = 0; i < 32; ++i) it.chunk(piece);
  }});
  const auto end = watch();
  ASSERT_TRUE(std::holds_alternative<Failure>(end));
  EXPECT_THAT(std::get<Failure>(end).error.message, HasSubstr("longer than 16 MiB"));
}

TEST_F(Misbehaviour, AFrameThatIsNoJsonEndsTheWatch) {
  serve({[](Connection& it) {
    it.read_request();
    it.begin_stream();
    it.chunk(frame(2) + "<html>\n" + frame(3));
    it.stay_silent();
  }});
  EXPECT_TRUE(std::holds_alternative<Failure>(watch()));
  EXPECT_THAT(names_, ElementsAre("p2"));
}

TEST_F(Misbehaviour, SilenceIsNoticedByTheGuard) {
  const TransportOptions impatient{.call_timeout = 300ms, .idle_guard = 300ms};
  serve({[](Connection& it) {
           it.read_request();
           it.begin_stream();
           it.chunk(frame(2));
           it.stay_silent();
         },
         [](Connection& it) { it.stay_silent(); }},
        impatient);
  EXPECT_EQ(kind(watch()), Failure::Kind::kUnreachable);
  EXPECT_THAT(names_, ElementsAre("p2"));
  EXPECT_EQ(kind(watch()), Failure::Kind::kUnreachable) << "silent from the start";
  EXPECT_EQ(reader_->get(pods(), {"a", "p"}).error().code, Code::kUnavailable);
}

TEST_F(Misbehaviour, AServerFeelsHowSlowlyItIsRead) {
  constexpr std::size_t kMost = 256u << 20;
  std::promise<std::size_t> sent;
  std::promise<void> blocked;
  serve({[&](Connection& it) {
    it.read_request();
    it.begin_stream();
    std::string text;
    for (int i = 2; i < 500; ++i) text += frame(i);
    char size[20];
    std::snprintf(size, sizeof(size), "%zx\r\n", text.size());
    const std::string chunk = size + text + "\r\n";
    it.chunk(frame(1));
    sent.set_value(it.flood(chunk, kMost, 1));
    blocked.set_value();
  }});
  // The reader stops at its first frame until the server has felt it.
  auto wait = blocked.get_future();
  int frames = 0;
  static_cast<void>(reader_->watch(pods(), {.resource_version = "1"},
                                   [&](WatchFrame) {
                                     if (++frames == 1) wait.wait();
                                   },
                                   {}));
  EXPECT_LT(sent.get_future().get(), 32u << 20) << "of " << kMost;
}

TEST_F(Misbehaviour, AnAnswerCutShortIsNoAnswer) {
  serve({[](Connection& it) {
    it.read_request();
    it.send_text("HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{\"metadata\":");
  }});
  const auto got = reader_->get(pods(), {"a", "p"});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kUnavailable);
}

TEST_F(Misbehaviour, AListThatIsNoJsonIsTheServersFault) {
  serve({[](Connection& it) {
    it.read_request();
    it.answer(200, "{\"items\":[");
  }});
  const auto page = reader_->list(pods(), {});
  ASSERT_TRUE(std::holds_alternative<Failure>(page));
  EXPECT_EQ(std::get<Failure>(page).kind, Failure::Kind::kServer);
}

// A server that ends a kept connection as a request arrives: whether it was done nobody knows.
TEST_F(Misbehaviour, AWriteIsSentOnceAlsoWhenItsConnectionDies) {
  std::atomic<int> writes{0};
  serve({[&](Connection& it) {
    for (const bool first : {true, false}) {
      if (!it.read_request().starts_with("POST")) return;
      ++writes;
      if (first) it.answer(201, kMap);
    }
  }});
  // A connection is free again a moment after its answer was read, so that it takes some tries
  // until one is used twice.
  int calls = 0;
  Result<Object> last = Error{};
  do {
    last = writer_->create(config_maps(), "a", kMap);
    ++calls;
  } while (last && calls < 1000);
  ASSERT_FALSE(last) << "no connection was used twice";
  EXPECT_EQ(last.error().code, Code::kUnavailable);
  EXPECT_EQ(writes, calls) << last.error().message;
  const auto next = writer_->create(config_maps(), "a", kMap);
  EXPECT_TRUE(next) << "the next one goes through: " << next.error().message;
}

TEST_F(Misbehaviour, AReadIsSentAgainWhenItsConnectionDies) {
  serve({[](Connection& it) {
           it.read_request();
           it.answer(200, pod_json(2));
           it.read_request();
         },
         [](Connection& it) {
           it.read_request();
           it.answer(200, pod_json(3));
         }});
  ASSERT_TRUE(reader_->get(pods(), {"a", "p2"}));
  EXPECT_EQ(reader_->get(pods(), {"a", "p3"})->key().name, "p3");
}

TEST_F(Misbehaviour, WhatIsMissingIsNamedWithTheWayOut) {
  serve({[](Connection& it) {
    for (std::string text = it.read_request(); !text.empty(); text = it.read_request()) {
      if (text.find("streamjobs") != std::string::npos) {
        it.answer(404, "404 page not found");
      } else {
        it.answer(403, R"({"kind":"Status","code":403,"message":"no list of pods"})");
      }
    }
  }});
  EXPECT_THAT(std::get<Failure>(reader_->list(stream_jobs(), {})).error.message,
              HasSubstr("streamjobs of penstock.dev/v1alpha1 are not served: install the CRDs"));
  EXPECT_THAT(std::get<Failure>(reader_->list(pods(), {})).error.message,
              HasSubstr("no list of pods; grant that to the account that asks (RBAC)"));
}

struct Refusal {
  const char* name;
  int status;
  const char* headers;
  const char* body;
  Failure::Kind kind;
  Duration wait;
};

class Refused : public Misbehaviour, public testing::WithParamInterface<Refusal> {};

TEST_P(Refused, IsUnderstood) {
  const auto refuse = [](Connection& it) {
    while (!it.read_request().empty()) {
      it.answer(GetParam().status, GetParam().body, GetParam().headers);
    }
  };
  serve({refuse});
  const auto page = reader_->list(pods(), {});
  EXPECT_EQ(std::get<Failure>(page).kind, GetParam().kind);
  EXPECT_EQ(std::get<Failure>(page).retry_after, GetParam().wait);
  const auto end = watch();
  EXPECT_EQ(kind(end), GetParam().kind);
  EXPECT_EQ(std::get<Failure>(end).retry_after, GetParam().wait);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Refused,
    testing::Values(
        Refusal{"Throttled", 429, "Retry-After: 7\r\n", "too many requests, please try again later",
                Failure::Kind::kThrottled, 7s},
        Refusal{"ThrottledWithoutSayingForHowLong", 429, "", "", Failure::Kind::kThrottled, 0s},
        Refusal{"ThrottledUntilADate", 429, "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n", "",
                Failure::Kind::kThrottled, 0s},
        Refusal{"ThrottledForADay", 429, "Retry-After: 86400\r\n", "", Failure::Kind::kThrottled,
                60s},
        Refusal{"Overloaded", 503, "Retry-After: 3\r\n", "{}", Failure::Kind::kServer, 3s},
        Refusal{"OverloadedAsItsStatusSays", 500, "",
                R"({"kind":"Status","code":500,"details":{"retryAfterSeconds":2}})",
                Failure::Kind::kServer, 2s},
        Refusal{"Expired", 410, "", R"({"kind":"Status","code":410,"reason":"Expired"})",
                Failure::Kind::kExpired, 0s},
        Refusal{"VersionTooLarge", 504, "",
                R"({"kind":"Status","code":504,"details":{"retryAfterSeconds":1,)"
                R"("causes":[{"reason":"ResourceVersionTooLarge"}]}})",
                Failure::Kind::kExpired, 1s},
        Refusal{"Forbidden", 403, "", R"({"kind":"Status","code":403})", Failure::Kind::kRefused,
                0s}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace penstock::k8s
