#include "runtime/connectors/nexmark/text.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

namespace penstock::nexmark {
namespace {

constexpr std::array<std::string_view, 6> kStates = {"AZ", "CA", "ID", "OR", "WA", "WY"};
constexpr std::array<std::string_view, 10> kCities = {
    "Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland",
    "Bend",    "Redmond",     "Seattle",       "Kent",  "Cheyenne"};
constexpr std::array<std::string_view, 11> kFirstNames = {
    "Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"};
constexpr std::array<std::string_view, 9> kLastNames = {
    "Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"};
constexpr std::array<std::string_view, kHotChannels> kHotNames = {"Google", "Facebook", "Baidu",
                                                                  "Apple"};
constexpr std::size_t kShortest = 3;
constexpr std::size_t kPersonBytes = 200;
constexpr std::size_t kAuctionBytes = 500;

// Four letters' numbers (0..25) in the 16-bit lanes of the result, from 64 random bits.
std::uint64_t four_letters(std::uint64_t random) {
  constexpr std::uint64_t kLanes = 0x0000ffff0000ffffu;
  const std::uint64_t even = (((random & kLanes) * 26) >> 16) & kLanes;
  const std::uint64_t odd = ((((random >> 16) & kLanes) * 26) >> 16) & kLanes;
  return even | (odd << 16);
}

template <std::size_t N>
std::string_view pick(const std::array<std::string_view, N>& all, std::uint64_t drawn) {
  return all[below(drawn, N)];
}

void append_letters(TextRandom& random, std::size_t size, std::string& out) {
  const std::size_t at = out.size();
  out.resize(at + size + kLetterSlack);
  random_letters(random, out.data() + at, size);
  out.resize(at + size);
}

struct Channels {
  std::vector<std::string> names, urls;
};

std::string base_url(TextRandom& random) {
  std::string url = "https://www.nexmark.com/";
  for (int part = 0; part < 3; ++part) {
    append_string(random, 5, '_', url);
    url += '/';
  }
  return url + "item.htm?query=1";
}

std::uint32_t reversed_bits(std::uint32_t bits) {
  std::uint32_t out = 0;
  for (int i = 0; i < 32; ++i, bits >>= 1) out = (out << 1) | (bits & 1);
  return out;
}

// The same for every seed: channels are part of the world, not of a run.
Channels make_channels() {
  Channels channels;
  for (std::size_t i = 0; i < kHotChannels + kChannels; ++i) {
    TextRandom random(draw(0, i, Draw::kUrl));
    channels.names.emplace_back(i < kHotChannels ? kHotNames[i]
                                                 : "channel-" + std::to_string(i - kHotChannels));
    channels.urls.push_back(base_url(random));
    if (i < kHotChannels || random.below(10) == 0) continue;
    const auto number =
        static_cast<std::int32_t>(reversed_bits(static_cast<std::uint32_t>(i - kHotChannels)));
    channels.urls.back() += "&channel_id=" + std::to_string(std::abs(std::int64_t{number}));
  }
  return channels;
}

const Channels& channels() {
  static const Channels all = make_channels();
  return all;
}

}  // namespace

void random_letters(TextRandom& random, char* out, std::size_t size) {
  static_assert(std::endian::native == std::endian::little, "bytes are stored by their number");
  constexpr std::uint64_t kA = 0x6161616161616161u;
  for (std::size_t at = 0; at < size; at += 8) {
    const std::uint64_t low = four_letters(random.next());
    const std::uint64_t eight = kA + (low | (four_letters(random.next()) << 8));
    std::memcpy(out + at, &eight, 8);
  }
}

void append_string(TextRandom& random, std::size_t most, char separator, std::string& out) {
  const std::size_t start = out.size();
  for (std::size_t left = kShortest + random.below(most - kShortest); left > 0; --left) {
    const std::uint64_t drawn = random.next();
    const bool separates = below(drawn, 13) == 0;
    const bool leads = separates && separator == ' ' && out.size() == start;
    if (!leads)
      out += separates ? separator : static_cast<char>('a' + ((drawn & 0xffffffff) * 26 >> 32));
  }
  while (separator == ' ' && out.size() > start && out.back() == ' ') out.pop_back();
}

std::size_t extra_length(std::uint64_t drawn, std::size_t size, std::size_t average) {
  if (size > average) return 0;
  const std::size_t wanted = average - size;
  const std::size_t delta = (wanted * 2 + 5) / 10;
  return wanted - delta + (delta == 0 ? 0 : below(drawn, 2 * delta));
}

void append_name(std::uint64_t seed, std::uint64_t event, std::string& out) {
  const std::uint64_t drawn = draw(seed, event, Draw::kName);
  out.append(pick(kFirstNames, drawn)).append(" ").append(pick(kLastNames, mix(drawn)));
}

void append_email(std::uint64_t seed, std::uint64_t event, std::string& out) {
  TextRandom random(draw(seed, event, Draw::kEmail));
  append_string(random, 7, ' ', out);
  out += '@';
  append_string(random, 5, ' ', out);
  out += ".com";
}

void append_credit_card(std::uint64_t seed, std::uint64_t event, std::string& out) {
  TextRandom random(draw(seed, event, Draw::kCreditCard));
  for (int group = 0; group < 4; ++group) {
    if (group > 0) out += ' ';
    const std::uint64_t digits = random.below(10'000);
    for (const std::uint64_t unit : {1000u, 100u, 10u, 1u})
      out += static_cast<char>('0' + digits / unit % 10);
  }
}

std::string_view city_of(std::uint64_t seed, std::uint64_t event) {
  return pick(kCities, draw(seed, event, Draw::kCity));
}

std::string_view state_of(std::uint64_t seed, std::uint64_t event) {
  return pick(kStates, draw(seed, event, Draw::kState));
}

void append_item_name(std::uint64_t seed, std::uint64_t event, std::string& out) {
  TextRandom random(draw(seed, event, Draw::kItemName));
  append_string(random, 20, ' ', out);
}

void append_description(std::uint64_t seed, std::uint64_t event, std::string& out) {
  TextRandom random(draw(seed, event, Draw::kDescription));
  append_string(random, 100, ' ', out);
}

void append_person_extra(std::uint64_t seed, std::uint64_t event, std::string& out) {
  std::string others;
  append_name(seed, event, others);
  append_email(seed, event, others);
  append_credit_card(seed, event, others);
  const std::size_t size =
      8 + others.size() + city_of(seed, event).size() + state_of(seed, event).size();
  TextRandom random(draw(seed, event, Draw::kPersonExtra));
  append_letters(random, extra_length(random.next(), size, kPersonBytes), out);
}

void append_auction_extra(std::uint64_t seed, std::uint64_t event, std::string& out) {
  std::string others;
  append_item_name(seed, event, others);
  append_description(seed, event, others);
  TextRandom random(draw(seed, event, Draw::kAuctionExtra));
  append_letters(random, extra_length(random.next(), 48 + others.size(), kAuctionBytes), out);
}

std::size_t channel_of(std::uint64_t seed, std::uint64_t event) {
  const std::uint64_t drawn = draw(seed, event, Draw::kBidChannel);
  if ((drawn & 1) != 0) return below(drawn, kHotChannels);
  return kHotChannels + below(drawn, kChannels);
}

std::string_view channel_name(std::size_t channel) { return channels().names[channel]; }
std::string_view channel_url(std::size_t channel) { return channels().urls[channel]; }

}  // namespace penstock::nexmark
