#include "runtime/connectors/nexmark/fields.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "runtime/connectors/nexmark/text.h"

namespace penstock::nexmark {
namespace {

using Rows = std::span<const std::uint32_t>;  // the rows of a batch that hold the kind of event

// Memory for all rows; zeros where not every row is going to be written.
template <typename T>
std::shared_ptr<T[]> memory_for(const Events& events, Rows rows) {
  const std::size_t size = events.numbers.size();
  if (rows.size() == size) return allocate_values<T>(size);
  return std::make_shared<T[]>(size);
}

template <typename Value>
Column numbers(const Events& events, Rows rows, const Type& type, Value value) {
  const auto out = memory_for<std::int64_t>(events, rows);
  for (const std::uint32_t row : rows) out[row] = value(events.numbers[row], row);
  return Column(type, events.numbers.size(), out, nullptr);
}

// Text that lives as long as the process.
template <typename Value>
Column constants(const Events& events, Rows rows, const Type& type, Value value) {
  const auto out = memory_for<std::string_view>(events, rows);
  for (const std::uint32_t row : rows) out[row] = value(events.seed, events.numbers[row]);
  return Column(type, events.numbers.size(), out, nullptr);
}

// Text that `append(seed, event, out)` writes.
template <void (*append)(std::uint64_t, std::uint64_t, std::string&)>
Column texts(const Events& events, Rows rows, const Type& type) {
  const auto out = memory_for<std::string_view>(events, rows);
  TextArena arena;
  std::string text;
  for (const std::uint32_t row : rows) {
    text.clear();
    append(events.seed, events.numbers[row], text);
    out[row] = arena.copy(text);
  }
  return Column(type, events.numbers.size(), out, nullptr, {arena.keep_alive()});
}

template <std::int64_t (*rule)(std::uint64_t, std::uint64_t)>
Column ruled(const Events& events, Rows rows, const Type& type) {
  return numbers(events, rows, type,
                 [&](std::uint64_t event, std::uint32_t) { return rule(events.seed, event); });
}

template <Draw field>
Column prices(const Events& events, Rows rows, const Type& type) {
  return numbers(events, rows, type, [&](std::uint64_t event, std::uint32_t) {
    return price_of(draw(events.seed, event, field));
  });
}

Column times(const Events& events, Rows rows, const Type& type) {
  return numbers(events, rows, type,
                 [&](std::uint64_t, std::uint32_t row) { return events.times[row]; });
}

std::int64_t person_id(std::uint64_t, std::uint64_t event) {
  return kFirstPersonId + last_person(event);
}
std::int64_t auction_id(std::uint64_t, std::uint64_t event) {
  return kFirstAuctionId + last_auction(event);
}

Column cities(const Events& events, Rows rows, const Type& type) {
  return constants(events, rows, type, city_of);
}
Column states(const Events& events, Rows rows, const Type& type) {
  return constants(events, rows, type, state_of);
}
Column channel_names(const Events& events, Rows rows, const Type& type) {
  return constants(events, rows, type, [](std::uint64_t seed, std::uint64_t event) {
    return channel_name(channel_of(seed, event));
  });
}
Column channel_urls(const Events& events, Rows rows, const Type& type) {
  return constants(events, rows, type, [](std::uint64_t seed, std::uint64_t event) {
    return channel_url(channel_of(seed, event));
  });
}

Column expiries(const Events& events, Rows rows, const Type& type) {
  return numbers(events, rows, type, [&](std::uint64_t event, std::uint32_t row) {
    const Millis later = events.base + events.schedule->time_of(event + kHorizonEvents);
    return events.times[row] + auction_length(events.seed, event, later - events.times[row]);
  });
}

std::int64_t reserve(std::uint64_t seed, std::uint64_t event) {
  return price_of(draw(seed, event, Draw::kInitialBid)) +
         price_of(draw(seed, event, Draw::kReserve));
}

// The longest text of all, so it is written straight into one piece of memory.
Column bid_extras(const Events& events, Rows rows, const Type& type) {
  constexpr std::size_t kOthers = 32, kAverage = 100, kLongest = 81;
  const auto out = memory_for<std::string_view>(events, rows);
  TextArena arena;
  char* at = arena.reserve(rows.size() * kLongest + kLetterSlack);
  for (const std::uint32_t row : rows) {
    TextRandom random(draw(events.seed, events.numbers[row], Draw::kBidExtra));
    const std::size_t size = extra_length(random.next(), kOthers, kAverage);
    random_letters(random, at, size);
    out[row] = {at, size};
    at += size;
  }
  return Column(type, events.numbers.size(), out, nullptr, {arena.keep_alive()});
}

struct FieldRule {
  std::string_view name;
  TypeKind kind;
  Column (*maker)(const Events&, Rows, const Type&);
};

constexpr std::array kPersonFields = {
    FieldRule{"id", TypeKind::kBigint, ruled<person_id>},
    FieldRule{"name", TypeKind::kString, texts<append_name>},
    FieldRule{"emailAddress", TypeKind::kString, texts<append_email>},
    FieldRule{"creditCard", TypeKind::kString, texts<append_credit_card>},
    FieldRule{"city", TypeKind::kString, cities},
    FieldRule{"state", TypeKind::kString, states},
    FieldRule{"dateTime", TypeKind::kTimestamp, times},
    FieldRule{"extra", TypeKind::kString, texts<append_person_extra>},
};
constexpr std::array kAuctionFields = {
    FieldRule{"id", TypeKind::kBigint, ruled<auction_id>},
    FieldRule{"itemName", TypeKind::kString, texts<append_item_name>},
    FieldRule{"description", TypeKind::kString, texts<append_description>},
    FieldRule{"initialBid", TypeKind::kBigint, prices<Draw::kInitialBid>},
    FieldRule{"reserve", TypeKind::kBigint, ruled<reserve>},
    FieldRule{"dateTime", TypeKind::kTimestamp, times},
    FieldRule{"expires", TypeKind::kTimestamp, expiries},
    FieldRule{"seller", TypeKind::kBigint, ruled<auction_seller>},
    FieldRule{"category", TypeKind::kBigint, ruled<auction_category>},
    FieldRule{"extra", TypeKind::kString, texts<append_auction_extra>},
};
constexpr std::array kBidFields = {
    FieldRule{"auction", TypeKind::kBigint, ruled<bid_auction>},
    FieldRule{"bidder", TypeKind::kBigint, ruled<bid_bidder>},
    FieldRule{"price", TypeKind::kBigint, prices<Draw::kBidPrice>},
    FieldRule{"channel", TypeKind::kString, channel_names},
    FieldRule{"url", TypeKind::kString, channel_urls},
    FieldRule{"dateTime", TypeKind::kTimestamp, times},
    FieldRule{"extra", TypeKind::kString, bid_extras},
};

struct RowRule {
  std::string_view name;
  EventKind kind;
  std::span<const FieldRule> fields;
};
constexpr std::array kRows = {
    RowRule{"person", EventKind::kPerson, kPersonFields},
    RowRule{"auction", EventKind::kAuction, kAuctionFields},
    RowRule{"bid", EventKind::kBid, kBidFields},
};

bool fits(TypeKind wanted, TypeKind declared) {
  return declared == wanted ||
         (wanted == TypeKind::kTimestamp && declared == TypeKind::kTimestampLtz);
}

Error misfit(const SourceSpec& spec, const std::string& column, std::string_view expected) {
  return {Code::kInvalid, "table " + spec.table + ": the nexmark connector cannot fill column " +
                              column + "; expected " + std::string(expected)};
}

std::string_view names_of(TypeKind kind) {
  return kind == TypeKind::kBigint   ? "BIGINT"
         : kind == TypeKind::kString ? "STRING"
                                     : "TIMESTAMP(3)";
}

// NULL in every row, of any type, at no cost: all of them share one piece of memory.
Column nulls_of(const Type& type, std::size_t rows) {
  static const std::shared_ptr<const void> zeros =
      std::make_shared<std::max_align_t[]>(kMaxBatchRows);
  static const auto ones = [] {
    const auto bytes = allocate_values<std::uint8_t>(kMaxBatchRows);
    std::fill_n(bytes.get(), kMaxBatchRows, std::uint8_t{1});
    return std::shared_ptr<const std::uint8_t[]>(bytes);
  }();
  static_assert(sizeof(std::max_align_t) >= sizeof(std::string_view));
  if (type.kind != TypeKind::kRow) return Column(type, rows, zeros, ones);
  std::vector<Column> children;
  for (const Field& field : *type.fields) children.push_back(nulls_of(field.type, rows));
  return Column::of_rows(type, rows, std::move(children), ones);
}

Column event_types(const Events& events, const Type& type) {
  const auto out = allocate_values<std::int32_t>(events.numbers.size());
  for (std::size_t row = 0; row < events.numbers.size(); ++row)
    out[row] = static_cast<std::int32_t>(kind_of(events.numbers[row]));
  return Column(type, events.numbers.size(), out, nullptr);
}

}  // namespace

Result<Projection::Output> Projection::output_of(const SourceSpec& spec, std::size_t column,
                                                 const std::vector<std::size_t>& used) {
  const Field& declared = spec.declared.fields[column];
  if (declared.name == "event_type") {
    if (declared.type.kind != TypeKind::kInt) return misfit(spec, "event_type", "INT");
    return Output{.type = declared.type, .is_event_type = true};
  }
  const auto row = std::ranges::find(kRows, declared.name, &RowRule::name);
  if (row == kRows.end())
    return misfit(spec, declared.name, "the columns event_type, person, auction, bid");
  if (declared.type.kind != TypeKind::kRow) return misfit(spec, declared.name, "a ROW");
  Output output{.type = declared.type, .kind = row->kind};
  for (std::size_t i = 0; i < declared.type.fields->size(); ++i) {
    const Field& field = (*declared.type.fields)[i];
    const std::string name = declared.name + "." + field.name;
    const auto rule = std::ranges::find(row->fields, field.name, &FieldRule::name);
    if (rule == row->fields.end()) return misfit(spec, name, "a field that Nexmark has");
    if (!fits(rule->kind, field.type.kind)) return misfit(spec, name, names_of(rule->kind));
    const bool wanted = used.empty() || std::ranges::find(used, i) != used.end();
    output.children.push_back({field.type, wanted ? rule->maker : nullptr});
  }
  return output;
}

Result<Projection> Projection::of(const SourceSpec& spec) {
  Projection projection;
  for (std::size_t column = 0; column < spec.declared.size(); ++column)
    TRY(output_of(spec, column, {}));
  for (std::size_t i = 0; i < spec.columns.size(); ++i) {
    const auto used = spec.nested.empty() ? std::vector<std::size_t>{} : spec.nested[i];
    TRY_ASSIGN(Output output, output_of(spec, spec.columns[i], used));
    projection.outputs_.push_back(std::move(output));
  }
  return projection;
}

Column Projection::make_row(const Output& output, const Events& events,
                            std::vector<std::uint32_t>& rows) {
  const std::size_t size = events.numbers.size();
  rows.clear();
  rows.reserve(size);
  for (std::size_t row = 0; row < size; ++row)
    if (kind_of(events.numbers[row]) == output.kind)
      rows.push_back(static_cast<std::uint32_t>(row));
  if (rows.empty()) return nulls_of(output.type, size);

  std::shared_ptr<std::uint8_t[]> nulls;
  if (rows.size() < size) {
    nulls = allocate_values<std::uint8_t>(size);
    std::fill_n(nulls.get(), size, std::uint8_t{1});
    for (const std::uint32_t row : rows) nulls[row] = 0;
  }
  std::vector<Column> children;
  children.reserve(output.children.size());
  for (const Child& child : output.children)
    children.push_back(child.maker != nullptr ? child.maker(events, rows, child.type)
                                              : nulls_of(child.type, size));
  return Column::of_rows(output.type, size, std::move(children), std::move(nulls));
}

Batch Projection::make(const Events& events) const {
  Batch batch{.physical_rows = events.numbers.size()};
  batch.columns.reserve(outputs_.size());
  std::vector<std::uint32_t> rows;
  for (const Output& output : outputs_)
    batch.columns.push_back(output.is_event_type ? event_types(events, output.type)
                                                 : make_row(output, events, rows));
  return batch;
}

}  // namespace penstock::nexmark
