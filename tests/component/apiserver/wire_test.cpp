#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/component/apiserver/cluster_fixture.h"

// The requests that kubectl sends for each of its commands, and what a real server answers them, as
// the files in wire/ tell it (see the README there). One test per file, on a server of its own.

namespace penstock {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const fs::path kFolder = fs::path(PENSTOCK_SOURCE_DIR) / "tests/component/apiserver/wire";

std::vector<std::string> scenarios() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kFolder))
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  std::ranges::sort(names);
  return names;
}

struct Answered {
  int status = 0;
  std::string headers, body;
};

// What is wrong with `got`, which must have everything that `wanted` names. "*" stands for any
// value.
std::string what_differs(const Json& wanted, const Json& got, const std::string& at) {
  if (wanted == "*") return "";
  if (wanted.is_object() && got.is_object()) {
    for (const auto& [key, value] : wanted.items()) {
      if (!got.contains(key)) {
        if (value.is_null()) continue;  // null: must not be there, or be null
        return at + "/" + key + " is missing";
      }
      if (std::string problem = what_differs(value, got.at(key), at + "/" + key); !problem.empty())
        return problem;
    }
    return "";
  }
  if (wanted.is_array() && got.is_array()) {
    if (wanted.size() != got.size())
      return at + " has " + std::to_string(got.size()) + " elements instead of " +
             std::to_string(wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (std::string problem = what_differs(wanted[i], got[i], at + "/" + std::to_string(i));
          !problem.empty())
        return problem;
    }
    return "";
  }
  return wanted == got ? "" : at + " is " + got.dump() + " instead of " + wanted.dump();
}

class Wire : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    directory_ = testing::TempDir() + "/wire-" + std::to_string(::getpid());
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    std::ofstream(directory_ + "/log") << "one\ntwo\nthree\n";
    ApiServerOptions options;
    options.data_directory = directory_ + "/data";
    options.crds = {stream_job_crd()};
    options.find_log = [this](const LogTarget& target) -> Result<LogFile> {
      if (target.previous) return Error{Code::kNotFound, "no such attempt"};
      return LogFile{directory_ + "/log", false, ""};
    };
    auto started = ApiServer::start(std::move(options), clock_);
    ASSERT_TRUE(started) << started.error().message;
    server_ = std::move(started).value();
  }
  void TearDown() override {
    server_.reset();
    fs::remove_all(directory_);
  }

  // Puts the paths and what earlier answers gave in place of {names}.
  std::string filled(std::string text) const {
    for (const auto& [name, value] : names_) {
      for (auto at = text.find("{" + name + "}"); at != std::string::npos;
           at = text.find("{" + name + "}"))
        text.replace(at, name.size() + 2, value);
    }
    return text;
  }

  Answered ask(const Json& step) const {
    const std::string method = step.at("do");
    std::vector<std::string> command{"curl",
                                     "-s",
                                     "-i",
                                     "--max-time",
                                     "20",
                                     "--cacert",
                                     directory_ + "/data/ca.crt",
                                     "-A",
                                     "kubectl/v1.32.5",
                                     "-H",
                                     "Authorization: Bearer " + server_->token(),
                                     "-H",
                                     "Accept: " + step.value("accept", "application/json"),
                                     "-H",
                                     "Expect:"};
    if (method == "HEAD") {
      command.push_back("-I");
    } else {
      command.insert(command.end(), {"-X", method});
    }
    if (step.contains("body")) {
      const Json& body = step["body"];
      const std::string text = filled(body.is_string() ? body.get<std::string>() : body.dump());
      command.insert(
          command.end(),
          {"-H", "Content-Type: " + step.value("type", "application/json"), "--data-binary", text});
    }
    command.push_back(server_->url() + filled(step.at("path")));
    const std::string all = run_command(command).out;
    const std::size_t end = std::min(all.find("\r\n\r\n"), all.size());
    Answered answer{.headers = all.substr(0, end),
                    .body = all.substr(std::min(end + 4, all.size()))};
    if (all.size() > 12) answer.status = std::atoi(all.c_str() + 9);
    return answer;
  }

  void check(const Json& step, const Answered& answer) {
    EXPECT_EQ(answer.status, step.at("status").get<int>()) << answer.body;
    if (step.contains("text")) {
      EXPECT_EQ(answer.body, step["text"].get<std::string>());
    }
    for (const Json& header : step.value("headers", Json::array()))
      EXPECT_NE(answer.headers.find(header.get<std::string>()), std::string::npos)
          << header << " is not among\n"
          << answer.headers;
    if (step.contains("answer")) {
      const Json got = Json::parse(answer.body, nullptr, false);
      EXPECT_EQ(what_differs(Json::parse(filled(step["answer"].dump())), got, ""), "")
          << answer.body;
      const Json saved = step.value("save", Json::object());  // items() only refers to it
      for (const auto& [name, pointer] : saved.items())
        names_[name] = got.at(Json::json_pointer(pointer.get<std::string>())).get<std::string>();
    }
    if (step.contains("frames")) {
      Json got = Json::array();
      std::istringstream lines(answer.body);
      for (std::string line; std::getline(lines, line);)
        got.push_back(Json::parse(line, nullptr, false));
      EXPECT_EQ(what_differs(step["frames"], got, ""), "") << answer.body;
    }
  }

  std::string directory_;
  SystemClock clock_;
  std::unique_ptr<ApiServer> server_;
  std::map<std::string, std::string> names_{
      {"jobs", "/apis/penstock.dev/v1alpha1/namespaces/default/streamjobs"},
      {"core", "/api/v1/namespaces/default"}};
};

TEST_P(Wire, AnswersAsARealServerDoes) {
  const Json steps = Json::parse(std::ifstream(kFolder / (GetParam() + ".json")));
  ASSERT_FALSE(steps.empty());
  for (const Json& step : steps) {
    SCOPED_TRACE(step.at("do").get<std::string>() + " " + step.at("path").get<std::string>());
    check(step, ask(step));
    if (HasFailure()) break;  // the rest builds on it
  }
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Wire, testing::ValuesIn(scenarios()), [](const auto& row) {
  std::string name = row.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace penstock
