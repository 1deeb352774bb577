#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "runtime/base/random.h"
#include "tests/faults/stories.h"

namespace penstock::faults {
namespace {

using testing::StartsWith;

// How many places of each kind of fault are tried in each story, and how many runs with several
// faults; 0: every place. The environment makes a campaign of it, as `./dev test faults` does.
std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}
int places() { return static_cast<int>(from_environment("PENSTOCK_PLACES", 2)); }
int rounds() { return static_cast<int>(from_environment("PENSTOCK_ROUNDS", 2)); }
std::uint64_t seed() {
  static const auto kSeed = from_environment("PENSTOCK_SEED", 20'260'601);
  return kSeed;
}

struct Told {
  bool settled = true;
  std::string outcome, log;
  int requests = 0, steps = 0;
  std::set<FaultKind> happened;
};

Told tell(const Story& story, std::vector<Fault> faults) {
  Scene scene(std::move(faults));
  Told told;
  for (const auto event : story.events) {
    event(scene);
    told.settled = told.settled && scene.settle();
  }
  told.outcome = scene.outcome();
  told.log = scene.log();
  told.requests = scene.requests();
  told.steps = scene.steps();
  told.happened = scene.happened();
  return told;
}

// How long a fault of this kind lasts.
int steps_of(FaultKind kind) {
  if (at_a_request(kind)) return 1;
  return kind == FaultKind::kEngineSilent ? 45 : 7;
}

// The places at which to try `kind`: all, or some that the seed chooses.
std::vector<Fault> faults_of(FaultKind kind, const Told& plain, Random& random) {
  const int all = at_a_request(kind) ? plain.requests : plain.steps;
  std::vector<Fault> faults;
  const bool every = places() == 0 || places() >= all;
  for (int i = 0; i < (every ? all : places()); ++i) {
    const int at = every ? i : static_cast<int>(random.below(static_cast<std::uint64_t>(all)));
    faults.push_back({kind, at, steps_of(kind), static_cast<std::size_t>(random.below(3))});
  }
  return faults;
}

std::string to_text(const std::vector<Fault>& faults) {
  std::string text;
  for (const Fault& fault : faults) text += (text.empty() ? "" : ", ") + to_string(fault);
  return text;
}

class Campaign : public testing::TestWithParam<Story> {
 protected:
  const Story& story_ = GetParam();
  const Told plain_ = tell(story_, {});

  void expect_same(const std::vector<Fault>& faults) const {
    const Told told = tell(story_, faults);
    EXPECT_TRUE(told.settled) << to_text(faults) << "\n" << told.log;
    EXPECT_EQ(told.outcome, plain_.outcome) << to_text(faults) << "\n" << told.log;
  }
};

TEST_P(Campaign, EndsAsItShouldWithoutFaults) {
  EXPECT_TRUE(plain_.settled) << plain_.log;
  EXPECT_THAT(plain_.outcome, StartsWith(story_.ends)) << plain_.log;
}

TEST_P(Campaign, AnyOneFaultChangesNeitherTheEndNorWhatItTook) {
  Random random(seed());
  int runs = 0;
  for (std::size_t kind = 0; kind < kFaultKinds; ++kind) {
    for (const Fault& fault : faults_of(static_cast<FaultKind>(kind), plain_, random)) {
      expect_same({fault});
      ++runs;
    }
  }
  std::cout << story_.name << ": " << runs << " runs, seed " << seed() << "\n";
}

TEST_P(Campaign, ASecondOperatorDoesNothingTwice) {
  Scene scene;
  scene.add_twin();
  bool settled = true;
  for (const auto event : story_.events) {
    event(scene);
    settled = scene.settle() && settled;
  }
  EXPECT_TRUE(settled) << scene.log();
  EXPECT_EQ(scene.outcome(), plain_.outcome) << scene.log();
}

TEST_P(Campaign, SeveralFaultsInOneRunNeither) {
  Random random(seed() ^ 0x5eedULL);
  for (int round = 0; round < rounds(); ++round) {
    std::vector<Fault> faults;
    for (std::uint64_t left = 2 + random.below(3); left > 0; --left) {
      const auto kind = static_cast<FaultKind>(random.below(kFaultKinds));
      const int all = at_a_request(kind) ? plain_.requests : plain_.steps;
      faults.push_back({kind, static_cast<int>(random.below(static_cast<std::uint64_t>(all))),
                        at_a_request(kind) ? 1 + static_cast<int>(random.below(3)) : steps_of(kind),
                        static_cast<std::size_t>(random.below(3))});
    }
    expect_same(faults);
  }
}

INSTANTIATE_TEST_SUITE_P(Stories, Campaign, testing::ValuesIn(stories()),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace penstock::faults
