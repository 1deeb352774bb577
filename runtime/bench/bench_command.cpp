#include "runtime/bench/bench_command.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "runtime/base/log.h"
#include "runtime/bench/child_run.h"
#include "runtime/bench/job_benches.h"
#include "runtime/bench/nexmark_bench.h"
#include "runtime/bench/state_bench.h"

namespace penstock {
namespace {

constexpr char kUse[] =
    "penstock bench nexmark|start|state|checkpoint|rescale|move [--json]\n"
    "    nexmark, start: [--program PATH], to measure another penstock\n"
    "    nexmark: [--queries DIR] [--runs 5] [--seconds 12]   start: [--runs 11]\n"
    "    rescale: [--rate 1000000]";

struct Order {
  std::string which;
  bool json = false;
  bench::NexmarkSettings nexmark{};
  std::optional<std::uint64_t> runs{};
  std::uint64_t rate = 1'000'000;
};

Result<std::uint64_t> positive(const std::string& option, const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size() || number == 0)
    return Error{Code::kInvalid, option + " is a number from 1, not '" + text + "'"};
  return number;
}

Result<Order> read_order(const std::vector<std::string>& words) {
  Order order;
  order.nexmark.program = bench::own_path();
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!word.starts_with("--")) {
      if (!order.which.empty()) return Error{Code::kInvalid, "one bench at a time"};
      order.which = word;
      continue;
    }
    if (word == "--json") {
      order.json = true;
      continue;
    }
    if (i + 1 == words.size()) return Error{Code::kInvalid, word + " needs a value"};
    const std::string& value = words[++i];
    if (word == "--queries") {
      order.nexmark.queries = value;
    } else if (word == "--program") {
      order.nexmark.program = value;
    } else if (word == "--runs") {
      TRY_ASSIGN(order.runs, positive(word, value));
    } else if (word == "--seconds") {
      TRY_ASSIGN(const std::uint64_t seconds, positive(word, value));
      order.nexmark.seconds = static_cast<double>(seconds);
    } else if (word == "--rate") {
      TRY_ASSIGN(order.rate, positive(word, value));
    } else {
      return Error{Code::kInvalid, "no option " + word};
    }
  }
  return order;
}

Result<bench::Measurements> measure(Order order, Clock& clock, std::ostream& progress) {
  if (order.which == "nexmark") {
    order.nexmark.runs = static_cast<int>(order.runs.value_or(5));
    return bench::bench_nexmark(order.nexmark, clock, progress);
  }
  if (order.which == "start")
    return bench::bench_start(order.nexmark.program, static_cast<int>(order.runs.value_or(11)),
                              clock, progress);
  if (order.which == "state") return bench::bench_state(clock, progress);
  if (order.which == "checkpoint") return bench::bench_checkpoint(clock, progress);
  if (order.which == "rescale") return bench::bench_rescale(order.rate, clock, progress);
  if (order.which == "move") return bench::bench_move(clock, progress);
  return Error{Code::kInvalid,
               order.which.empty() ? "say which" : "no bench '" + order.which + "'"};
}

}  // namespace

int bench_main(const std::vector<std::string>& words, std::ostream& out, std::ostream& progress) {
  if (std::ranges::find(words, "--help") != words.end()) {
    out << kUse << std::endl;
    return 0;
  }
  auto order = read_order(words);
  log::set_level(log::Level::kWarning);
  SystemClock clock;
  auto measured = order ? measure(*order, clock, progress) : order.error();
  if (!measured) {
    const bool wrong_use = measured.error().code == Code::kInvalid;
    progress << "penstock bench: " << measured.error().message << "\n"
             << (wrong_use ? kUse : "") << std::endl;
    return wrong_use ? 2 : 1;
  }
  out << (order->json ? bench::as_json(order->which, *measured) : bench::as_text(*measured))
      << std::flush;
  return 0;
}

}  // namespace penstock
