#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace penstock::nexmark {

// The rules of the Nexmark generator as functions of the event's number: of 50 events the first is
// a person, three are auctions, 46 are bids. Every draw is a hash of (seed, event, field), so that
// an event is the same whoever generates it, and whatever else is generated. Pure.

inline constexpr std::uint64_t kEpochEvents = 50;
inline constexpr std::uint64_t kPersons = 1;
inline constexpr std::uint64_t kAuctions = 3;
inline constexpr std::int64_t kFirstPersonId = 1000;
inline constexpr std::int64_t kFirstAuctionId = 1000;
inline constexpr std::int64_t kFirstCategory = 10;
inline constexpr std::uint64_t kCategories = 5;
inline constexpr std::int64_t kActivePersons = 1000;
inline constexpr std::int64_t kPersonLead = 10;
inline constexpr std::int64_t kAuctionsInFlight = 100;
inline constexpr std::int64_t kAuctionLead = 10;
inline constexpr std::int64_t kHotBlock = 100;

__extension__ using Wide = unsigned __int128;

enum class EventKind : std::uint8_t { kPerson = 0, kAuction = 1, kBid = 2 };

constexpr EventKind kind_of(std::uint64_t event) {
  const std::uint64_t offset = event % kEpochEvents;
  return offset < kPersons               ? EventKind::kPerson
         : offset < kPersons + kAuctions ? EventKind::kAuction
                                         : EventKind::kBid;
}

// What a draw is for; part of its hash.
enum class Draw : std::uint64_t {
  kBidAuction = 1,
  kBidBidder,
  kBidPrice,
  kBidChannel,
  kBidExtra,
  kSeller,
  kCategory,
  kInitialBid,
  kReserve,
  kLength,
  kItemName,
  kDescription,
  kAuctionExtra,
  kName,
  kEmail,
  kCreditCard,
  kCity,
  kState,
  kPersonExtra,
  kUrl,
};

constexpr std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

constexpr std::uint64_t draw(std::uint64_t seed, std::uint64_t event, Draw field) {
  return mix((event + seed) * 0x9e3779b97f4a7c15u +
             static_cast<std::uint64_t>(field) * 0xd1342543de82ef95u);
}

// Uniform in [0, bound) by the upper bits of `drawn`.
constexpr std::uint64_t below(std::uint64_t drawn, std::uint64_t bound) {
  return static_cast<std::uint64_t>((static_cast<Wide>(drawn) * bound) >> 64);
}

// Counted from 0. The newest person, or auction, when `event` happens; -1 while there is none.
constexpr std::int64_t last_person(std::uint64_t event) {
  return static_cast<std::int64_t>(event / kEpochEvents);
}
constexpr std::int64_t last_auction(std::uint64_t event) {
  const auto epoch = static_cast<std::int64_t>(event / kEpochEvents);
  const auto offset = static_cast<std::int64_t>(event % kEpochEvents);
  return epoch * 3 + std::clamp<std::int64_t>(offset, 0, 3) - 1;
}

constexpr std::int64_t active_person(std::uint64_t event, std::uint64_t drawn) {
  const std::int64_t persons = last_person(event) + 1;
  const std::int64_t active = std::min(persons, kActivePersons);
  return persons - active +
         static_cast<std::int64_t>(below(drawn, static_cast<std::uint64_t>(active + kPersonLead)));
}

constexpr std::int64_t bid_auction(std::uint64_t seed, std::uint64_t event) {
  const std::uint64_t drawn = draw(seed, event, Draw::kBidAuction);
  const std::int64_t last = last_auction(event);
  const std::int64_t first = std::max<std::int64_t>(last - kAuctionsInFlight, 0);
  const std::int64_t hot = last / kHotBlock * kHotBlock;
  const std::int64_t other =
      first + static_cast<std::int64_t>(
                  below(drawn, static_cast<std::uint64_t>(last - first + 1 + kAuctionLead)));
  return kFirstAuctionId + ((drawn & 1) != 0 ? hot : other);
}

// The published generator adds the first person's id twice to a bidder; so do we.
constexpr std::int64_t bid_bidder(std::uint64_t seed, std::uint64_t event) {
  const std::uint64_t drawn = draw(seed, event, Draw::kBidBidder);
  const std::int64_t hot = last_person(event) / kHotBlock * kHotBlock + 1;
  return 2 * kFirstPersonId + ((drawn & 3) != 0 ? hot : active_person(event, drawn));
}

constexpr std::int64_t auction_seller(std::uint64_t seed, std::uint64_t event) {
  const std::uint64_t drawn = draw(seed, event, Draw::kSeller);
  const std::int64_t hot = last_person(event) / kHotBlock * kHotBlock;
  return kFirstPersonId + ((drawn & 3) != 0 ? hot : active_person(event, drawn));
}

constexpr std::int64_t auction_category(std::uint64_t seed, std::uint64_t event) {
  return kFirstCategory +
         static_cast<std::int64_t>(below(draw(seed, event, Draw::kCategory), kCategories));
}

// round(100 * 10^(6u)), u uniform in [0, 1): with additions and multiplications only, in a fixed
// order, so that every machine gets the same. 10^(6u) = 2^i * 2^f with f in [-0.5, 0.5]; 2^f by its
// series, whose next term is below 2e-10.
// NOLINTBEGIN(bugprone-incorrect-roundings): positive, far from 2^53, and the same everywhere
inline std::int64_t price_of(std::uint64_t drawn) {
  constexpr double kLog2Of1e6 = 19.931568569324174;
  const double exponent = static_cast<double>(drawn >> 11) * 0x1.0p-53 * kLog2Of1e6;
  const auto whole = static_cast<std::int64_t>(exponent + 0.5);
  const double x = (exponent - static_cast<double>(whole)) * 0.6931471805599453;
  double sum = 1.0 / 40320;
  for (const double factor : {1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1.0, 1.0})
    sum = sum * x + factor;
  return static_cast<std::int64_t>(static_cast<double>(std::int64_t{100} << whole) * sum + 0.5);
}
// NOLINTEND(bugprone-incorrect-roundings)

// Length of an auction in ms: 1 + uniform(0, 2 * horizon), the horizon being the time in which 100
// more auctions appear.
constexpr std::uint64_t kHorizonEvents = kAuctionsInFlight * kEpochEvents / kAuctions;
constexpr std::int64_t auction_length(std::uint64_t seed, std::uint64_t event,
                                      std::int64_t horizon) {
  const auto bound = static_cast<std::uint64_t>(std::max<std::int64_t>(horizon * 2, 1));
  return 1 + static_cast<std::int64_t>(below(draw(seed, event, Draw::kLength), bound));
}

}  // namespace penstock::nexmark
