#include "runtime/bench/kernels.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <map>
#include <memory>
#include <string_view>

#include "runtime/connectors/nexmark/rules.h"
#include "runtime/connectors/nexmark/text.h"

namespace penstock::bench {
namespace {

using nexmark::Draw;

constexpr std::size_t kRows = 4096;
constexpr std::size_t kBatches = 256;
constexpr std::size_t kLongestExtra = 81;
constexpr std::uint64_t kSlots = 1u << 15;

using Numbers = std::array<std::int64_t, kRows>;

struct Columns {
  Numbers auction{}, bidder{}, price{}, time{};
  Numbers copies[4]{};
  std::array<std::uint32_t, kRows> selected{};
  std::vector<char> letters = std::vector<char>(kRows * kLongestExtra + nexmark::kLetterSlack);
  std::array<std::string_view, kRows> extra{};
  std::vector<std::pair<std::int64_t, std::int64_t>> counts{kSlots};
};

std::uint64_t bid_number(std::size_t batch, std::size_t row) {
  const std::uint64_t bid = batch * kRows + row;
  return bid / 46 * nexmark::kEpochEvents + 4 + bid % 46;
}

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Keeps the compiler from leaving out what nobody reads.
template <typename T>
void keep(T& value) {
  asm volatile("" : : "r"(&value) : "memory");
}

// Nanoseconds per row: the best of five, since others may use the machine too.
template <typename Work>
double measure(Columns& columns, Work work) {
  double best = 1e9;
  for (int round = 0; round < 5; ++round) {
    const double before = thread_seconds();
    for (std::size_t batch = 0; batch < kBatches; ++batch) {
      work(columns, batch);
      keep(columns);
    }
    best = std::min(best, (thread_seconds() - before) * 1e9 / (kRows * kBatches));
  }
  return best;
}

// Open addressing by a product of the key; as many slots as a window has keys at most.
void count(Columns& columns, std::int64_t key) {
  std::uint64_t at = static_cast<std::uint64_t>(key) * 0x9e3779b97f4a7c15u >> (64 - 15);
  while (columns.counts[at].first != key && columns.counts[at].first != 0) at = (at + 1) % kSlots;
  columns.counts[at].first = key;
  ++columns.counts[at].second;
}

void clear_now_and_then(Columns& columns, std::size_t batch) {
  if (batch % 64 == 0) std::ranges::fill(columns.counts, std::pair<std::int64_t, std::int64_t>{});
}

template <typename Rule>
auto fill(Numbers Columns::* column, Rule rule) {
  return [=](Columns& columns, std::size_t batch) {
    for (std::size_t row = 0; row < kRows; ++row)
      (columns.*column)[row] = rule(bid_number(batch, row));
  };
}

void make_extras(Columns& columns, std::size_t batch) {
  char* at = columns.letters.data();
  for (std::size_t row = 0; row < kRows; ++row) {
    nexmark::TextRandom random(nexmark::draw(0, bid_number(batch, row), Draw::kBidExtra));
    const std::size_t size = nexmark::extra_length(random.next(), 32, 100);
    nexmark::random_letters(random, at, size);
    columns.extra[row] = {at, size};
    at += size;
  }
}

}  // namespace

std::vector<Kernel> run_kernels() {
  const auto columns = std::make_unique<Columns>();
  const auto run = [&](auto work) { return measure(*columns, work); };
  std::vector<Kernel> all;
  all.push_back({"generate auction", run(fill(&Columns::auction, [](std::uint64_t event) {
                   return nexmark::bid_auction(0, event);
                 }))});
  all.push_back({"generate bidder", run(fill(&Columns::bidder, [](std::uint64_t event) {
                   return nexmark::bid_bidder(0, event);
                 }))});
  all.push_back({"generate price", run(fill(&Columns::price, [](std::uint64_t event) {
                   return nexmark::price_of(nexmark::draw(0, event, Draw::kBidPrice));
                 }))});
  all.push_back({"generate time", run(fill(&Columns::time, [](std::uint64_t event) {
                   return static_cast<std::int64_t>(event / 100);
                 }))});
  all.push_back({"generate extra", run(make_extras)});
  all.push_back({"copy 4 columns", run([](Columns& c, std::size_t) {
                   c.copies[0] = c.auction;
                   c.copies[1] = c.bidder;
                   c.copies[2] = c.price;
                   c.copies[3] = c.time;
                 })});
  all.push_back({"price * 0.908", run([](Columns& c, std::size_t) {
                   for (std::size_t row = 0; row < kRows; ++row)
                     c.copies[0][row] = c.price[row] * 908;
                 })});
  all.push_back({"auction % 123 = 0", run([](Columns& c, std::size_t) {
                   std::size_t selected = 0;
                   for (std::size_t row = 0; row < kRows; ++row) {
                     c.selected[selected] = static_cast<std::uint32_t>(row);
                     selected += c.auction[row] % 123 == 0 ? 1 : 0;
                   }
                 })});
  all.push_back({"count per bidder", run([](Columns& c, std::size_t batch) {
                   clear_now_and_then(c, batch);
                   for (const std::int64_t key : c.bidder) count(c, key);
                 })});
  all.push_back({"count per auction and slice", run([](Columns& c, std::size_t batch) {
                   clear_now_and_then(c, batch);
                   for (std::size_t row = 0; row < kRows; ++row)
                     count(c, c.auction[row] * 1024 + c.time[row] / 2000 % 1024);
                 })});
  return all;
}

double ceiling_of(const std::string& query, const std::vector<Kernel>& kernels) {
  static const std::map<std::string, std::vector<std::string>> kNeeds = {
      {"q0",
       {"generate auction", "generate bidder", "generate price", "generate time", "generate extra",
        "copy 4 columns"}},
      {"q1",
       {"generate auction", "generate bidder", "generate price", "generate time", "generate extra",
        "copy 4 columns", "price * 0.908"}},
      {"q2", {"generate auction", "generate price", "auction % 123 = 0"}},
      {"q5", {"generate auction", "generate time", "count per auction and slice"}},
      {"q12", {"generate bidder", "count per bidder"}},
  };
  const auto needs = kNeeds.find(query);
  if (needs == kNeeds.end()) return 0;
  double nanos = 0;
  for (const std::string& name : needs->second)
    nanos += std::ranges::find(kernels, name, &Kernel::name)->nanos;
  return 1e9 / (nanos * 46 / 50);
}

}  // namespace penstock::bench
