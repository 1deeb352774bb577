#include "runtime/connectors/blackhole/blackhole_sink.h"

namespace penstock {
namespace {

class BlackholeWriter final : public SinkWriter {
 public:
  Status write(const Batch&) override { return ok(); }
  Result<std::vector<Committable>> prepare(CheckpointId) override {
    return std::vector<Committable>{};
  }
};

class BlackholeSink final : public Sink {
 public:
  Result<std::unique_ptr<SinkWriter>> open(const WriterIdentity&) override {
    return std::unique_ptr<SinkWriter>(std::make_unique<BlackholeWriter>());
  }
  Status commit(const Committable&) override { return ok(); }
  Status discard(std::string_view, RecordNumber) override { return ok(); }
  Result<bool> withdraw(const Committable&) override { return true; }
};

}  // namespace

Result<std::unique_ptr<Sink>> make_blackhole_sink(const SinkSpec&) {
  return std::unique_ptr<Sink>(std::make_unique<BlackholeSink>());
}

}  // namespace penstock
