#include "runtime/connectors/filesystem/line_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temporary_directory.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LineReaderTest : public testing::Test {
 protected:
  std::string write(const std::string& text) {
    const std::string path = directory_ / "file";
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  std::vector<std::string> lines(const std::string& path, LineReader::Position start = {}) {
    auto reader = LineReader::open(path, start).value();
    std::vector<std::string> out;
    while (const auto line = reader.next().value()) out.emplace_back(*line);
    return out;
  }
  TemporaryDirectory directory_;
};

TEST_F(LineReaderTest, AnEmptyFileHasNoLines) { EXPECT_THAT(lines(write("")), IsEmpty()); }

TEST_F(LineReaderTest, TheLastLineMayLackItsBreak) {
  EXPECT_THAT(lines(write("a\nb")), ElementsAre("a", "b"));
  EXPECT_THAT(lines(write("a\nb\n")), ElementsAre("a", "b"));
}

TEST_F(LineReaderTest, TakesWindowsLineBreaksOff) {
  EXPECT_THAT(lines(write("a\r\n\r\nb\r")), ElementsAre("a", "", "b"));
}

TEST_F(LineReaderTest, GoesOnFromThePositionAfterAnyLine) {
  std::string text;
  std::vector<std::string> expected;
  for (int i = 0; i < 50; ++i) {
    expected.push_back(std::string(static_cast<std::size_t>(i * 3), 'x') + std::to_string(i));
    text += expected.back() + (i % 3 == 0 ? "\r\n" : "\n");
  }
  const std::string path = write(text);
  auto reader = LineReader::open(path, {}).value();
  for (std::size_t read = 1; read <= expected.size(); ++read) {
    ASSERT_TRUE(reader.next().value());
    EXPECT_EQ(reader.position().line, read);
    EXPECT_EQ(lines(path, reader.position()),
              std::vector<std::string>(expected.begin() + static_cast<std::ptrdiff_t>(read),
                                       expected.end()));
  }
}

TEST_F(LineReaderTest, ReadsLinesAcrossItsBufferBorders) {
  std::string text;
  std::vector<std::string> expected;
  for (const std::size_t size : {(1u << 20) - 1, 1u, 1u << 20, 3u << 20, 5u}) {
    expected.emplace_back(size, static_cast<char>('a' + expected.size()));
    text += expected.back() + "\n";
  }
  EXPECT_EQ(lines(write(text)), expected);
}

TEST_F(LineReaderTest, ALineBeyondTheLimitIsRefusedByNumber) {
  auto reader = LineReader::open(write("first\n" + std::string(20u << 20, 'x')), {}).value();
  ASSERT_TRUE(reader.next().value());
  const auto line = reader.next();
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code, Code::kInvalid);
  EXPECT_THAT(line.error().message,
              HasSubstr("line 2 of " + directory_ / "file" + " is longer than 16 MiB"));
}

TEST_F(LineReaderTest, AFileThatShrankIsRefused) {
  const auto reader = LineReader::open(write("short\n"), {.offset = 100, .line = 10});
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, Code::kInvalid);
  EXPECT_THAT(reader.error().message, HasSubstr("the file has changed"));
}

TEST_F(LineReaderTest, AMissingFileIsNotFound) {
  EXPECT_EQ(LineReader::open(directory_ / "none", {}).error().code, Code::kNotFound);
}

}  // namespace
}  // namespace penstock
