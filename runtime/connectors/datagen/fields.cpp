#include "runtime/connectors/datagen/fields.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <set>

#include "runtime/base/random.h"
#include "runtime/columns/calendar.h"
#include "runtime/columns/decimal.h"
#include "runtime/columns/text.h"
#include "runtime/connectors/options.h"

namespace penstock::datagen {
namespace {

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

bool is_integer(TypeKind kind) { return kind == TypeKind::kInt || kind == TypeKind::kBigint; }

// Reads the options of the columns of one table, and remembers which there are.
class RuleReader {
 public:
  explicit RuleReader(const SourceSpec& spec)
      : spec_(spec), options_(spec.table, spec.connector, keyed_in_lower_case()) {}

  Result<FieldRule> read(const std::string& name, const Type& type) {
    FieldRule rule{.type = type, .salt = ++salt_};
    const std::string prefix = "fields." + lower_case(name) + ".";
    TRY(read_null_rate(prefix, rule));
    if (type.kind == TypeKind::kRow) {
      for (const Field& field : *type.fields) {
        TRY_ASSIGN(FieldRule child, read(name + "." + field.name, field.type));
        rule.children.push_back(std::move(child));
      }
      return rule;
    }
    TRY_ASSIGN(const std::string kind, text(prefix + "kind", "random"));
    if (kind != "random" && kind != "sequence")
      return options_.invalid(prefix + "kind", "expected random or sequence, found '" + kind + "'");
    rule.sequence = kind == "sequence";
    TRY(rule.sequence ? read_sequence(prefix, rule) : read_random(prefix, rule));
    return rule;
  }

  // kInvalid when an option names a column or a property that was not read.
  Status check_all_read() const {
    for (const auto& [name, value] : lower_)
      if (name.starts_with("fields.") && !read_.contains(name))
        return options_.invalid(name, "there is no such column, or it has no such property");
    return ok();
  }

 private:
  const Options& keyed_in_lower_case() {
    for (const auto& [name, value] : spec_.options) lower_[lower_case(name)] = value;
    return lower_;
  }

  Result<std::string> text(const std::string& name, std::string fallback) {
    read_.insert(name);
    return options_.text(name).value_or(std::move(fallback));
  }

  Result<std::int64_t> integer(const std::string& name, std::int64_t fallback) {
    read_.insert(name);
    TRY_ASSIGN(const auto value, options_.integer(name));
    return value.value_or(fallback);
  }

  Result<double> number(const std::string& name, double fallback) {
    TRY_ASSIGN(const std::string value, text(name, ""));
    if (value.empty()) return fallback;
    const auto parsed = parse_double(value);
    if (!parsed) return options_.invalid(name, "expected a number, found '" + value + "'");
    return *parsed;
  }

  Status read_null_rate(const std::string& prefix, FieldRule& rule) {
    TRY_ASSIGN(rule.null_rate, number(prefix + "null-rate", 0));
    if (!(rule.null_rate >= 0 && rule.null_rate <= 1))
      return options_.invalid(prefix + "null-rate", "expected a number from 0 to 1");
    if (rule.null_rate > 0 && !rule.type.nullable)
      return options_.invalid(prefix + "null-rate", "the column is NOT NULL");
    return ok();
  }

  Status read_sequence(const std::string& prefix, FieldRule& rule) {
    const bool fits = is_integer(rule.type.kind) || rule.type.kind == TypeKind::kString ||
                      rule.type.kind == TypeKind::kDouble;
    if (!fits)
      return options_.invalid(prefix + "kind",
                              "a sequence cannot be of type " + rule.type.to_string());
    for (const char* bound : {"start", "end"})
      if (!lower_.contains(prefix + bound))
        return options_.invalid(prefix + bound, "a sequence needs it");
    TRY_ASSIGN(rule.start, integer(prefix + "start", 0));
    TRY_ASSIGN(rule.end, integer(prefix + "end", 0));
    if (rule.end < rule.start) return options_.invalid(prefix + "end", "it lies before the start");
    return check_range(prefix, rule.type.kind, rule.start, rule.end);
  }

  Status check_range(const std::string& prefix, TypeKind kind, std::int64_t low,
                     std::int64_t high) {
    if (kind == TypeKind::kInt && (low < INT32_MIN || high > INT32_MAX))
      return options_.invalid(prefix + "min", "the range does not fit INT");
    if (low > high) return options_.invalid(prefix + "min", "it is above the max");
    return ok();
  }

  Status read_random(const std::string& prefix, FieldRule& rule) {
    const TypeKind kind = rule.type.kind;
    if (is_integer(kind)) {
      const bool small = kind == TypeKind::kInt;
      TRY_ASSIGN(rule.low, integer(prefix + "min", small ? INT32_MIN : INT64_MIN));
      TRY_ASSIGN(rule.high, integer(prefix + "max", small ? INT32_MAX : INT64_MAX));
      return check_range(prefix, kind, rule.low, rule.high);
    }
    if (kind == TypeKind::kDouble || kind == TypeKind::kDecimal) {
      const double most =
          kind == TypeKind::kDouble
              ? std::numeric_limits<double>::max()
              : decimal_to_double(power_of_ten(rule.type.precision) - 1, rule.type.scale);
      TRY_ASSIGN(rule.low_number, number(prefix + "min", 0));
      TRY_ASSIGN(rule.high_number, number(prefix + "max", most));
      if (!(rule.low_number <= rule.high_number && rule.high_number <= most &&
            rule.low_number >= -most))
        return options_.invalid(prefix + "min", "the range is empty or does not fit the type");
    } else if (kind == TypeKind::kString) {
      TRY_ASSIGN(const std::int64_t length, integer(prefix + "length", 100));
      if (length < 0 || length > 1'000'000)
        return options_.invalid(prefix + "length", "expected a number from 0 to 1000000");
      rule.length = static_cast<std::size_t>(length);
    } else if (kind == TypeKind::kTimestamp || kind == TypeKind::kTimestampLtz) {
      read_.insert(prefix + "max-past");
      TRY_ASSIGN(const auto past, options_.duration(prefix + "max-past"));
      rule.max_past =
          std::chrono::duration_cast<std::chrono::milliseconds>(past.value_or(Duration{})).count();
    } else if (kind != TypeKind::kBoolean && kind != TypeKind::kDate) {
      return options_.invalid(prefix + "kind",
                              "NotImplemented: values of type " + rule.type.to_string());
    }
    return ok();
  }

  const SourceSpec& spec_;
  Options lower_;
  OptionReader options_;
  std::set<std::string> read_;
  std::uint64_t salt_ = 0;
};

void append_text(Random& random, std::size_t length, ColumnBuilder& out) {
  std::string text(length, '0');
  for (char& digit : text) digit = "0123456789abcdef"[random.below(16)];
  out.append_physical(std::string_view(text));
}

void append_sequence(const FieldRule& rule, std::uint64_t row, ColumnBuilder& out) {
  const std::int64_t value = rule.start + static_cast<std::int64_t>(row);
  switch (rule.type.kind) {
    case TypeKind::kInt:
      return out.append_physical(static_cast<std::int32_t>(value));
    case TypeKind::kDouble:
      return out.append_physical(static_cast<double>(value));
    case TypeKind::kString: {
      const std::string text = std::to_string(value);
      return out.append_physical(std::string_view(text));
    }
    default:
      return out.append_physical(value);
  }
}

std::int64_t within(Random& random, std::int64_t low, std::int64_t high) {
  const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  const std::uint64_t drawn = span == UINT64_MAX ? random.next() : random.below(span + 1);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + drawn);
}

void append_random(const FieldRule& rule, Random& random, Millis time, ColumnBuilder& out) {
  const auto number = [&] {
    return rule.low_number + random.unit() * (rule.high_number - rule.low_number);
  };
  switch (rule.type.kind) {
    case TypeKind::kBoolean:
      return out.append_physical(static_cast<std::uint8_t>(random.next() & 1));
    case TypeKind::kInt:
      return out.append_physical(static_cast<std::int32_t>(within(random, rule.low, rule.high)));
    case TypeKind::kBigint:
      return out.append_physical(within(random, rule.low, rule.high));
    case TypeKind::kDouble:
      return out.append_physical(number());
    case TypeKind::kDecimal: {
      const auto decimal = double_to_decimal(number(), rule.type.precision, rule.type.scale);
      return out.append_physical(decimal.value_or(0));
    }
    case TypeKind::kString:
      return append_text(random, rule.length, out);
    case TypeKind::kDate:
      return out.append_physical(static_cast<std::int32_t>(floor_divide(time, kMillisPerDay)));
    default:
      return out.append_physical(time - within(random, 0, rule.max_past));
  }
}

}  // namespace

std::optional<std::uint64_t> FieldRule::rows() const {
  std::optional<std::uint64_t> least;
  if (sequence) least = static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(start) + 1;
  for (const FieldRule& child : children)
    if (const auto rows = child.rows()) least = std::min(least.value_or(*rows), *rows);
  return least;
}

Result<std::vector<FieldRule>> read_rules(const SourceSpec& spec) {
  RuleReader reader(spec);
  std::vector<FieldRule> rules;
  for (const Field& field : spec.declared.fields) {
    TRY_ASSIGN(FieldRule rule, reader.read(field.name, field.type));
    rules.push_back(std::move(rule));
  }
  TRY(reader.check_all_read());
  return rules;
}

void append_value(const FieldRule& rule, std::uint64_t seed, Row row, ColumnBuilder& out) {
  Random random(Random(seed + rule.salt * 0xd1342543de82ef95u).next() ^ row.number);
  if (random.unit() < rule.null_rate) return out.append_null();
  if (rule.type.kind == TypeKind::kRow) {
    for (std::size_t i = 0; i < rule.children.size(); ++i)
      append_value(rule.children[i], seed, row, out.child(i));
    return out.append_row();
  }
  if (rule.sequence) return append_sequence(rule, row.number, out);
  append_random(rule, random, row.time, out);
}

}  // namespace penstock::datagen
