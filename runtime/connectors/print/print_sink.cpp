#include "runtime/connectors/print/print_sink.h"

#include <unistd.h>

#include "runtime/columns/text.h"
#include "runtime/connectors/options.h"
#include "runtime/storage/posix_file.h"

namespace penstock {
namespace {

std::string_view sign_text(RowKind kind) {
  switch (kind) {
    case RowKind::kInsert:
      return "+I";
    case RowKind::kUpdateBefore:
      return "-U";
    case RowKind::kUpdateAfter:
      return "+U";
    case RowKind::kDelete:
      return "-D";
  }
  CHECK(!"a row kind");
}

void append_row(const Batch& batch, std::size_t row, std::string& out) {
  out.append(sign_text(batch.kind_at(row))).append("[");
  bool first = true;
  for (const Column& column : batch.columns) {
    if (!first) out += ", ";
    first = false;
    append_value(out, column.value_at(row), column.type());
  }
  out += ']';
}

struct PrintSettings {
  std::string prefix;
  bool to_stderr = false;
};

class PrintWriter final : public SinkWriter {
 public:
  explicit PrintWriter(const PrintSettings& settings) : settings_(settings) {}

  Status write(const Batch& batch) override {
    std::string text;
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      text += settings_.prefix;
      append_row(batch, batch.row(i), text);
      text += '\n';
    }
    // A duplicate, so that the handle does not close the process's own.
    const FileHandle out(::dup(settings_.to_stderr ? STDERR_FILENO : STDOUT_FILENO));
    return write_all(out, text, settings_.to_stderr ? "standard error" : "standard output");
  }
  Result<std::vector<Committable>> prepare(CheckpointId) override {
    return std::vector<Committable>{};
  }

 private:
  const PrintSettings& settings_;
};

class PrintSink final : public Sink {
 public:
  explicit PrintSink(PrintSettings settings) : settings_(std::move(settings)) {}

  Result<std::unique_ptr<SinkWriter>> open(const WriterIdentity&) override {
    return std::unique_ptr<SinkWriter>(std::make_unique<PrintWriter>(settings_));
  }
  Status commit(const Committable&) override { return ok(); }
  Status discard(std::string_view, RecordNumber) override { return ok(); }

 private:
  const PrintSettings settings_;
};

}  // namespace

std::string print_row(const Batch& batch, std::size_t row) {
  std::string text;
  append_row(batch, row, text);
  return text;
}

Result<std::unique_ptr<Sink>> make_print_sink(const SinkSpec& spec) {
  const OptionReader options(spec.table, spec.connector, spec.options);
  PrintSettings settings;
  if (const auto identifier = options.text("print-identifier"))
    settings.prefix = *identifier + "> ";
  TRY_ASSIGN(const auto to_stderr, options.boolean("standard-error"));
  settings.to_stderr = to_stderr.value_or(false);
  return std::unique_ptr<Sink>(std::make_unique<PrintSink>(std::move(settings)));
}

}  // namespace penstock
