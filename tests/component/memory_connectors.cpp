#include "tests/component/memory_connectors.h"

#include <algorithm>
#include <charconv>

namespace penstock::test {
namespace {

std::uint64_t number_of(const std::string& text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

class NumberReader final : public SplitReader {
 public:
  NumberReader(World& world, const SourceSpec& spec, Clock& clock, const Split& split)
      : world_(world),
        spec_(spec),
        clock_(clock),
        split_(number_of(split.id)),
        next_(number_of(split.position)) {}

  Result<ReadResult> read(std::size_t max_rows) override {
    const Numbers& numbers = world_.numbers;
    const std::uint64_t limit = std::min(world_.released.load(), numbers.rows_per_split);
    const std::uint64_t until = std::min<std::uint64_t>(limit, next_ + max_rows);
    if (next_ >= numbers.rows_per_split) return ReadResult{.state = ReadResult::State::kEnd};
    if (until <= next_)
      return ReadResult{.state = ReadResult::State::kIdle, .again_at = clock_.now() + 1};
    std::vector<ColumnBuilder> builders;
    for (const std::size_t column : spec_.columns)
      builders.emplace_back(spec_.declared.fields[column].type);
    for (; next_ < until; ++next_) {
      const std::uint64_t g = split_ + next_ * numbers.splits;
      auto expected = static_cast<std::int64_t>(g);
      if (world_.fail_at.compare_exchange_strong(expected, -1))
        return Error{Code::kUnavailable, "injected at " + std::to_string(g)};
      const std::int64_t values[] = {static_cast<std::int64_t>(g * 7919 % numbers.keys),
                                     static_cast<std::int64_t>(g),
                                     static_cast<std::int64_t>(g * 100)};
      for (std::size_t i = 0; i < builders.size(); ++i)
        builders[i].append_physical(values[spec_.columns[i]]);
    }
    std::vector<Column> columns;
    for (ColumnBuilder& builder : builders) columns.push_back(builder.finish());
    const bool over = next_ == numbers.rows_per_split;
    return ReadResult{.batch = Batch::of(std::move(columns)),
                      .state = over ? ReadResult::State::kEnd : ReadResult::State::kMore};
  }
  std::string position() const override { return std::to_string(next_); }

 private:
  World& world_;
  const SourceSpec& spec_;
  Clock& clock_;
  const std::uint64_t split_;
  std::uint64_t next_;
};

class NumberSource final : public Source {
 public:
  NumberSource(World& world, SourceSpec spec, Clock& clock)
      : world_(world), spec_(std::move(spec)), clock_(clock) {}
  bool bounded() const override { return true; }
  Result<std::vector<Split>> discover() override {
    std::vector<Split> splits;
    for (std::uint64_t i = 0; i < world_.numbers.splits; ++i)
      splits.push_back({.id = std::to_string(i)});
    return splits;
  }
  Result<std::unique_ptr<SplitReader>> open(const Split& split) override {
    return std::unique_ptr<SplitReader>(
        std::make_unique<NumberReader>(world_, spec_, clock_, split));
  }

 private:
  World& world_;
  const SourceSpec spec_;
  Clock& clock_;
};

std::string text_of(const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value.is)) return std::to_string(*number);
  return value.null() ? "NULL" : "?";
}

class MemoryWriter final : public SinkWriter {
 public:
  MemoryWriter(World& world, std::string table) : world_(world), table_(std::move(table)) {}
  Status write(const Batch& batch) override {
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      std::string row = table_;
      for (const Column& column : batch.columns)
        row += "|" + text_of(column.value_at(batch.row(i)));
      rows_.push_back(std::move(row));
    }
    return ok();
  }
  Result<std::vector<Committable>> prepare(CheckpointId) override {
    std::vector<Committable> committables;
    if (rows_.empty()) return committables;
    world_.outputs.with([&](World::Outputs& outputs) {
      const std::string name = "pending-" + std::to_string(outputs.counter++);
      outputs.prepared[name] = std::exchange(rows_, {});
      committables.push_back({name});
    });
    return committables;
  }

 private:
  World& world_;
  const std::string table_;
  std::vector<std::string> rows_;
};

class MemorySink final : public Sink {
 public:
  MemorySink(World& world, std::string table) : world_(world), table_(std::move(table)) {}
  Result<std::unique_ptr<SinkWriter>> open(const WriterIdentity&) override {
    ++world_.writers_opened;
    return std::unique_ptr<SinkWriter>(std::make_unique<MemoryWriter>(world_, table_));
  }
  Status commit(const Committable& committable) override {
    if (world_.commits_fail.exchange(false)) return Error{Code::kUnavailable, "injected commit"};
    auto rows = world_.outputs.with([&](World::Outputs& outputs) {
      if (!outputs.done.insert(committable.text).second) return std::vector<std::string>();
      return outputs.prepared.at(committable.text);
    });
    world_.committed.with([&](auto& all) { all.insert(all.end(), rows.begin(), rows.end()); });
    return ok();
  }
  Status discard(std::string_view, RecordNumber) override { return ok(); }
  Result<bool> withdraw(const Committable& committable) override {
    return world_.outputs.with([&](World::Outputs& outputs) {
      return !outputs.done.contains(committable.text) &&
             outputs.prepared.erase(committable.text) > 0;
    });
  }

 private:
  World& world_;
  const std::string table_;
};

class SharedStore final : public BlobStore {
 public:
  explicit SharedStore(std::shared_ptr<MemoryStore> store) : store_(std::move(store)) {}
  Status put_if_absent(std::string_view name, std::string_view bytes) override {
    return store_->put_if_absent(name, bytes);
  }
  Result<std::string> get(std::string_view name) override { return store_->get(name); }
  Result<std::string> get_range(std::string_view name, std::uint64_t offset,
                                std::uint64_t size) override {
    return store_->get_range(name, offset, size);
  }
  Result<std::vector<std::string>> list(std::string_view prefix) override {
    return store_->list(prefix);
  }
  Status remove(std::string_view name) override { return store_->remove(name); }
  std::string uri() const override { return store_->uri(); }

 private:
  std::shared_ptr<MemoryStore> store_;
};

}  // namespace

std::vector<std::string> World::sorted_rows() {
  auto rows = committed.with([](const auto& all) { return all; });
  std::ranges::sort(rows);
  return rows;
}

Factories factories_of(World& world) {
  return {.source = [&](const SourceSpec& spec, Clock& clock) -> Result<std::unique_ptr<Source>> {
            return std::unique_ptr<Source>(std::make_unique<NumberSource>(world, spec, clock));
          },
          .sink = [&](const SinkSpec& spec, Clock&) -> Result<std::unique_ptr<Sink>> {
            return std::unique_ptr<Sink>(std::make_unique<MemorySink>(world, spec.table));
          },
          .operate = make_operator};
}

OpenStore store_of(World& world) {
  return [&](std::string_view) -> Result<std::unique_ptr<BlobStore>> {
    return std::unique_ptr<BlobStore>(std::make_unique<SharedStore>(world.store));
  };
}

}  // namespace penstock::test
