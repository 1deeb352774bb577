#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/connectors/nexmark/rules.h"

namespace penstock::nexmark {

// A stream of random numbers for the text of one field of one event.
class TextRandom {
 public:
  explicit TextRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ += 0xa0761d6478bd642fu;
    const Wide product = static_cast<Wide>(state_) * (state_ ^ 0xe7037ed1a0b428dbu);
    return static_cast<std::uint64_t>(product >> 64) ^ static_cast<std::uint64_t>(product);
  }
  std::uint64_t below(std::uint64_t bound) { return nexmark::below(next(), bound); }

 private:
  std::uint64_t state_;
};

// Bytes that random_letters may write beyond `size`.
inline constexpr std::size_t kLetterSlack = 8;
// Writes `size` letters a-z, each as likely as the others; needs kLetterSlack more bytes of room.
void random_letters(TextRandom& random, char* out, std::size_t size);

// Appends 3 to `most` - 1 characters, a-z with one in 13 the separator; without blanks at its ends.
void append_string(TextRandom& random, std::size_t most, char separator, std::string& out);

// Length of `extra` for a row of `size` bytes that should have `average` bytes, 20 % more or less.
std::size_t extra_length(std::uint64_t drawn, std::size_t size, std::size_t average);

// Each appends to `out`.
void append_name(std::uint64_t seed, std::uint64_t event, std::string& out);
void append_email(std::uint64_t seed, std::uint64_t event, std::string& out);
void append_credit_card(std::uint64_t seed, std::uint64_t event, std::string& out);
std::string_view city_of(std::uint64_t seed, std::uint64_t event);
std::string_view state_of(std::uint64_t seed, std::uint64_t event);
void append_item_name(std::uint64_t seed, std::uint64_t event, std::string& out);
void append_description(std::uint64_t seed, std::uint64_t event, std::string& out);
void append_person_extra(std::uint64_t seed, std::uint64_t event, std::string& out);
void append_auction_extra(std::uint64_t seed, std::uint64_t event, std::string& out);

// The first four channels are the hot ones, taken by half of the bids; then come "channel-0" to
// "channel-9999". Texts live as long as the process.
inline constexpr std::size_t kHotChannels = 4;
inline constexpr std::size_t kChannels = 10'000;
std::size_t channel_of(std::uint64_t seed, std::uint64_t event);
std::string_view channel_name(std::size_t channel);
std::string_view channel_url(std::size_t channel);

}  // namespace penstock::nexmark
