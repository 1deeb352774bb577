#include <gtest/gtest.h>

#include <algorithm>

#include "source_tree.h"

namespace penstock {
namespace {

bool mentions(const std::vector<SourceFile>& files, const std::string& name) {
  for (const SourceFile& file : files)
    for (const std::string& line : file.lines)
      if (line.find(name) != std::string::npos) return true;
  return false;
}

TEST(SourceRules, EachTestAndEachHeaderBelongsToATarget) {
  for (const char* top : {"runtime", "controllers", "operator", "tests"}) {
    const std::vector<SourceFile> lists = source_files(top, {"CMakeLists.txt", ".cmake"});
    for (const SourceFile& file : source_files(top, {".cpp", ".h"})) {
      const std::string name = file.path.substr(file.path.rfind('/') + 1);
      const bool test_header = std::string(top) == "tests" && name.ends_with(".h");
      EXPECT_TRUE(test_header || mentions(lists, name)) << file.path << " is in no CMakeLists.txt";
    }
  }
}

// Threads are jthreads that their owner joins; waiting is interruptible; exceptions stop at their
// border.
TEST(SourceRules, NoThreadIsDetachedAndNobodySleepsBlindly) {
  for (const char* top : {"runtime", "controllers", "operator", "tests"})
    for (const SourceFile& file : source_files(top, {".cpp", ".h"})) {
      if (file.path.ends_with("source_rules_test.cpp")) continue;
      for (const std::string& line : file.lines)
        for (const char* word : {".detach()", "std::thread ", "std::thread(", "this_thread::sleep",
                                 "usleep(", "DISABLED_", "GTEST_SKIP", "catch (...)"})
          EXPECT_EQ(line.find(word), std::string::npos) << file.path << ": " << line;
    }
}

}  // namespace
}  // namespace penstock
