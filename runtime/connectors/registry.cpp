#include "runtime/connectors/registry.h"

#include "runtime/connectors/blackhole/blackhole_sink.h"
#include "runtime/connectors/datagen/datagen_source.h"
#include "runtime/connectors/filesystem/filesystem_sink.h"
#include "runtime/connectors/filesystem/filesystem_source.h"
#include "runtime/connectors/nexmark/nexmark_source.h"
#include "runtime/connectors/options.h"
#include "runtime/connectors/print/print_sink.h"

namespace penstock {
namespace {

Error unknown(std::string_view table, std::string_view connector, std::string_view role) {
  std::string message = "option 'connector' of table ";
  message.append(table).append(": '").append(connector).append("' is not a ").append(role);
  return {Code::kInvalid, std::move(message)};
}

}  // namespace

Result<std::unique_ptr<Source>> make_source(const SourceSpec& spec, Clock& clock) {
  TRY(OptionReader(spec.table, spec.connector, spec.options).check_names());
  if (spec.connector == "nexmark") return make_nexmark_source(spec, clock);
  if (spec.connector == "datagen") return make_datagen_source(spec, clock);
  if (spec.connector == "filesystem") return make_filesystem_source(spec);
  return unknown(spec.table, spec.connector, "source; use nexmark, datagen or filesystem");
}

Result<std::unique_ptr<Sink>> make_sink(const SinkSpec& spec, Clock&) {
  TRY(OptionReader(spec.table, spec.connector, spec.options).check_names());
  if (spec.connector == "filesystem") return make_filesystem_sink(spec);
  if (spec.connector == "print") return make_print_sink(spec);
  if (spec.connector == "blackhole") return make_blackhole_sink(spec);
  return unknown(spec.table, spec.connector, "sink; use filesystem, print or blackhole");
}

}  // namespace penstock
