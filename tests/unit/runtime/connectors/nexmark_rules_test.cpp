#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "runtime/connectors/nexmark/rules.h"
#include "runtime/connectors/nexmark/text.h"

namespace penstock::nexmark {
namespace {

constexpr std::uint64_t kSeed = 99;

TEST(NexmarkRules, OneOfFiftyIsAPersonThreeAreAuctionsTheRestBids) {
  std::map<EventKind, int> counts;
  for (std::uint64_t event = 0; event < 5000; ++event) ++counts[kind_of(event)];
  EXPECT_EQ(counts[EventKind::kPerson], 100);
  EXPECT_EQ(counts[EventKind::kAuction], 300);
  EXPECT_EQ(counts[EventKind::kBid], 4600);
}

TEST(NexmarkRules, IdsCountUpWithoutGaps) {
  std::int64_t persons = 0;
  std::int64_t auctions = 0;
  for (std::uint64_t event = 0; event < 5000; ++event) {
    if (kind_of(event) == EventKind::kPerson) {
      EXPECT_EQ(last_person(event), persons++);
    }
    if (kind_of(event) == EventKind::kAuction) {
      EXPECT_EQ(last_auction(event), auctions++);
    }
    EXPECT_EQ(last_person(event), persons - 1);
    EXPECT_EQ(last_auction(event), auctions - 1);
  }
}

// Share of events from `first` on for which `holds` is true.
template <typename Holds>
double share(Holds holds) {
  constexpr int kEvents = 200'000;
  int count = 0;
  for (std::uint64_t event = 10'000'000; event < 10'000'000 + kEvents; ++event)
    count += holds(event);
  return static_cast<double>(count) / kEvents;
}

TEST(NexmarkRules, HalfOfTheBidsGoToTheHotAuction) {
  const auto hot = [](std::uint64_t event) {
    return bid_auction(kSeed, event) == kFirstAuctionId + last_auction(event) / 100 * 100;
  };
  EXPECT_NEAR(share(hot), 0.5 + 0.5 / 111, 0.01);
}

TEST(NexmarkRules, OtherBidsGoToAuctionsInFlightOrSoon) {
  for (std::uint64_t event = 50; event < 100'000; ++event) {
    const std::int64_t auction = bid_auction(kSeed, event) - kFirstAuctionId;
    ASSERT_GE(auction, std::max<std::int64_t>(last_auction(event) - 100, 0));
    ASSERT_LE(auction, last_auction(event) + 10);
  }
}

TEST(NexmarkRules, ThreeQuartersOfTheBidsComeFromTheHotBidder) {
  const auto hot = [](std::uint64_t event) {
    return bid_bidder(kSeed, event) == 2 * kFirstPersonId + last_person(event) / 100 * 100 + 1;
  };
  EXPECT_NEAR(share(hot), 0.75, 0.01);
}

TEST(NexmarkRules, ThreeQuartersOfTheAuctionsComeFromTheHotSeller) {
  const auto hot = [](std::uint64_t event) {
    return auction_seller(kSeed, event) == kFirstPersonId + last_person(event) / 100 * 100;
  };
  EXPECT_NEAR(share(hot), 0.75, 0.01);
}

TEST(NexmarkRules, SellersAreActivePersonsOrComeSoon) {
  for (std::uint64_t event = 0; event < 200'000; ++event) {
    const std::int64_t seller = auction_seller(kSeed, event) - kFirstPersonId;
    ASSERT_GE(seller, std::max<std::int64_t>(last_person(event) - 999, 0));
    ASSERT_LE(seller, last_person(event) + 10);
  }
}

TEST(NexmarkRules, CategoriesAreFiveAndEven) {
  std::map<std::int64_t, int> counts;
  for (std::uint64_t event = 0; event < 50'000; ++event) ++counts[auction_category(kSeed, event)];
  ASSERT_EQ(counts.size(), 5u);
  EXPECT_EQ(counts.begin()->first, 10);
  for (const auto& [category, count] : counts) EXPECT_NEAR(count, 10'000, 400) << category;
}

TEST(NexmarkRules, PricesAreLogUniform) {
  int per_decade[6] = {};
  for (std::uint64_t event = 0; event < 60'000; ++event) {
    const std::int64_t price = price_of(draw(kSeed, event, Draw::kBidPrice));
    ASSERT_GE(price, 100);
    ASSERT_LE(price, 100'000'000);
    ++per_decade[std::min(5, static_cast<int>(std::log10(static_cast<double>(price)) - 2))];
  }
  for (const int count : per_decade) EXPECT_NEAR(count, 10'000, 400);
}

TEST(NexmarkRules, PricesFollowTheFormula) {
  for (std::uint64_t event = 0; event < 10'000; ++event) {
    const std::uint64_t drawn = draw(kSeed, event, Draw::kBidPrice);
    const double exact = 100 * std::pow(10.0, 6 * static_cast<double>(drawn >> 11) * 0x1.0p-53);
    ASSERT_NEAR(static_cast<double>(price_of(drawn)), exact, 0.6) << event;
  }
  EXPECT_EQ(price_of(0), 100);
  EXPECT_EQ(price_of(UINT64_MAX), 100'000'000);
}

TEST(NexmarkRules, AnAuctionLastsUpToTwiceTheHorizon) {
  for (std::uint64_t event = 0; event < 10'000; ++event) {
    EXPECT_EQ(auction_length(kSeed, event, 0), 1);
    const std::int64_t length = auction_length(kSeed, event, 16);
    ASSERT_GE(length, 1);
    ASSERT_LE(length, 32);
  }
}

TEST(NexmarkText, LettersAreEven) {
  std::map<char, int> counts;
  for (std::uint64_t event = 0; event < 10'000; ++event) {
    TextRandom random(draw(kSeed, event, Draw::kBidExtra));
    char letters[52 + kLetterSlack];
    random_letters(random, letters, 52);
    for (int i = 0; i < 52; ++i) ++counts[letters[i]];
  }
  ASSERT_EQ(counts.size(), 26u);
  EXPECT_EQ(counts.begin()->first, 'a');
  for (const auto& [letter, count] : counts) EXPECT_NEAR(count, 20'000, 700) << letter;
}

TEST(NexmarkText, ExtraPadsToTheAverageSize) {
  std::size_t least = SIZE_MAX, most = 0, sum = 0;
  for (std::uint64_t event = 0; event < 20'000; ++event) {
    const std::size_t size = extra_length(draw(kSeed, event, Draw::kBidExtra), 32, 100);
    least = std::min(least, size);
    most = std::max(most, size);
    sum += size;
  }
  EXPECT_EQ(least, 54u);
  EXPECT_EQ(most, 81u);
  EXPECT_NEAR(static_cast<double>(sum) / 20'000, 67.5, 0.3);
  EXPECT_EQ(extra_length(5, 101, 100), 0u);
}

TEST(NexmarkText, PersonsAndAuctionsLookAsPublished) {
  for (std::uint64_t event = 0; event < 3000; ++event) {
    std::string name, email, card, item, description, extra;
    append_name(kSeed, event, name);
    EXPECT_NE(name.find(' '), std::string::npos);
    append_email(kSeed, event, email);
    EXPECT_TRUE(email.ends_with(".com"));
    EXPECT_LE(email.size(), 6u + 1 + 4 + 4);
    append_credit_card(kSeed, event, card);
    ASSERT_EQ(card.size(), 19u);
    EXPECT_EQ(card.find_first_not_of("0123456789 "), std::string::npos);
    append_item_name(kSeed, event, item);
    EXPECT_LT(item.size(), 20u);
    append_description(kSeed, event, description);
    EXPECT_LT(description.size(), 100u);
    append_person_extra(kSeed, event, extra);
    EXPECT_EQ(extra.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), std::string::npos);
  }
}

TEST(NexmarkText, HalfOfTheChannelsAreTheFourHotOnes) {
  std::map<std::size_t, int> counts;
  int hot = 0;
  for (std::uint64_t event = 0; event < 100'000; ++event) {
    const std::size_t channel = channel_of(kSeed, event);
    hot += channel < kHotChannels;
    ++counts[channel];
  }
  EXPECT_NEAR(hot, 50'000, 1000);
  EXPECT_NEAR(counts[0], 12'500, 600);
  EXPECT_EQ(channel_name(0), "Google");
  EXPECT_EQ(channel_name(kHotChannels), "channel-0");
  EXPECT_EQ(channel_name(kHotChannels + kChannels - 1), "channel-9999");
}

TEST(NexmarkText, NineOfTenUrlsNameTheChannel) {
  int named = 0;
  for (std::size_t channel = kHotChannels; channel < kHotChannels + kChannels; ++channel) {
    const std::string_view url = channel_url(channel);
    EXPECT_TRUE(url.starts_with("https://www.nexmark.com/"));
    EXPECT_NE(url.find("/item.htm?query=1"), std::string_view::npos);
    named += url.find("&channel_id=") != std::string_view::npos;
  }
  EXPECT_NEAR(named, 9000, 150);
  EXPECT_EQ(channel_url(2).find("channel_id"), std::string_view::npos);
}

}  // namespace
}  // namespace penstock::nexmark
