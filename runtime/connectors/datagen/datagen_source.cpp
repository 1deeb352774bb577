#include "runtime/connectors/datagen/datagen_source.h"

#include <algorithm>

#include "runtime/connectors/datagen/fields.h"
#include "runtime/connectors/options.h"
#include "runtime/connectors/rate_schedule.h"
#include "runtime/connectors/split_position.h"

namespace penstock {
namespace {

struct Settings {
  std::string table;
  RateSchedule schedule;
  std::uint64_t rows = UINT64_MAX;
  std::uint64_t splits = 1;
  std::uint64_t seed = 0;
  std::vector<datagen::FieldRule> columns;  // those that the plan uses

  bool bounded() const { return rows != UINT64_MAX; }
};

Result<Settings> read_settings(const SourceSpec& spec) {
  const OptionReader options(spec.table, spec.connector, spec.options);
  Settings settings{.table = spec.table};
  TRY_ASSIGN(settings.schedule, read_rate(options, "rows-per-second"));
  TRY_ASSIGN(const auto rows, options.integer("number-of-rows"));
  if (rows && *rows < 0) return options.invalid("number-of-rows", "it is negative");
  if (rows) settings.rows = static_cast<std::uint64_t>(*rows);
  TRY_ASSIGN(const std::int64_t splits, options.integer("splits", 1, 4096));
  settings.splits = static_cast<std::uint64_t>(splits);
  TRY_ASSIGN(const std::int64_t seed, options.integer("seed", INT64_MIN, INT64_MAX));
  settings.seed = static_cast<std::uint64_t>(seed);
  TRY_ASSIGN(const std::vector<datagen::FieldRule> rules, datagen::read_rules(spec));
  for (const datagen::FieldRule& rule : rules)
    settings.rows = std::min(settings.rows, rule.rows().value_or(UINT64_MAX));
  for (const std::size_t column : spec.columns) settings.columns.push_back(rules[column]);
  return settings;
}

class DatagenReader final : public SplitReader {
 public:
  DatagenReader(std::shared_ptr<const Settings> settings, Clock& clock, GeneratorPosition position)
      : settings_(std::move(settings)), clock_(clock), position_(position) {}

  Result<ReadResult> read(std::size_t max_rows) override {
    const std::uint64_t limit = reachable();
    std::vector<datagen::Row> rows;
    for (; position_.next < limit && rows.size() < max_rows; position_.next += settings_->splits)
      rows.push_back({position_.next, time_of(position_.next)});
    ReadResult result{.batch = make_batch(rows)};
    if (position_.next < limit) return result;
    const bool ended = position_.next >= settings_->rows;
    result.state = ended ? ReadResult::State::kEnd : ReadResult::State::kIdle;
    result.again_at = std::max(time_of(position_.next), clock_.now() + kLinger);
    return result;
  }

  std::string position() const override { return write_position(position_); }

  std::optional<std::uint64_t> rows_behind() const override {
    const std::uint64_t limit = reachable();
    if (limit <= position_.next) return 0;
    return (limit - position_.next - 1) / settings_->splits + 1;
  }

 private:
  Millis time_of(std::uint64_t row) const {
    return position_.base + settings_->schedule.time_of(row);
  }

  // Rows below this number are due.
  std::uint64_t reachable() const {
    return std::min(settings_->rows, settings_->schedule.events_by(clock_.now() - position_.base));
  }

  Batch make_batch(const std::vector<datagen::Row>& rows) const {
    Batch batch{.physical_rows = rows.size()};
    for (const datagen::FieldRule& rule : settings_->columns) {
      ColumnBuilder builder(rule.type, rows.size());
      for (const datagen::Row row : rows) append_value(rule, settings_->seed, row, builder);
      batch.columns.push_back(builder.finish());
    }
    return batch;
  }

  const std::shared_ptr<const Settings> settings_;
  Clock& clock_;
  GeneratorPosition position_;
};

class DatagenSource final : public Source {
 public:
  DatagenSource(Settings settings, Clock& clock)
      : settings_(std::make_shared<const Settings>(std::move(settings))), clock_(clock) {}

  bool bounded() const override { return settings_->bounded(); }

  Result<std::vector<Split>> discover() override {
    const Millis base = clock_.now();
    std::vector<Split> splits;
    for (std::uint64_t index = 0; index < settings_->splits; ++index)
      splits.push_back({.id = generator_split_id(index, settings_->splits),
                        .position = write_position(GeneratorPosition{base, index})});
    return splits;
  }

  Result<std::unique_ptr<SplitReader>> open(const Split& split) override {
    TRY_ASSIGN(const GeneratorSplit opened,
               open_generator_split(settings_->table, split.id, split.position, settings_->splits));
    return std::unique_ptr<SplitReader>(
        std::make_unique<DatagenReader>(settings_, clock_, opened.position));
  }

 private:
  const std::shared_ptr<const Settings> settings_;
  Clock& clock_;
};

}  // namespace

Result<std::unique_ptr<Source>> make_datagen_source(const SourceSpec& spec, Clock& clock) {
  TRY_ASSIGN(Settings settings, read_settings(spec));
  return std::unique_ptr<Source>(std::make_unique<DatagenSource>(std::move(settings), clock));
}

}  // namespace penstock
