#include "runtime/connectors/declarations.h"

#include <algorithm>
#include <array>

namespace penstock {
namespace {

using Kind = OptionDeclaration::Kind;

const std::vector<ConnectorDeclaration>& connectors() {
  static const std::vector<ConnectorDeclaration> all = {
      {.name = "nexmark",
       .is_source = true,
       .bounded_with = "events.num",
       .options =
           {{.kind = Kind::kInteger,
             .name = "events.num",
             .fallback = "0",
             .about = "events in all, persons and auctions included; 0: without end"},
            {.kind = Kind::kInteger,
             .name = "first-event.rate",
             .fallback = "10000",
             .about = "events per second of event time"},
            {.kind = Kind::kInteger,
             .name = "next-event.rate",
             .about =
                 "the same number as first-event.rate; use rate-steps for a rate that changes"},
            {.kind = Kind::kText,
             .name = "rate-steps",
             .about = "event time rates in turn, for ever: '20s:20000,20s:120000'"},
            {.kind = Kind::kBoolean,
             .name = "max-emit-speed",
             .about = "true: as fast as possible; false: event time follows the wall clock. "
                      "Default: true when events.num is set and rate-steps is not"},
            {.kind = Kind::kInteger,
             .name = "base-time",
             .about = "event time of the first event, ms since 1970. Default: the start of the "
                      "job when paced by the wall clock, else 2015-07-15 00:00:00"},
            {.kind = Kind::kInteger,
             .name = "splits",
             .fallback = "16",
             .about = "parts that can be read in parallel; fixed for the life of the state"},
            {.kind = Kind::kInteger,
             .name = "seed",
             .fallback = "0",
             .about = "another seed gives other rows"}}},
      {.name = "datagen",
       .is_source = true,
       .bounded_with = "number-of-rows",
       .options = {{.kind = Kind::kInteger,
                    .name = "rows-per-second",
                    .fallback = "10000",
                    .about = "rows per second of wall clock, of all splits together"},
                   {.kind = Kind::kText,
                    .name = "rate-steps",
                    .about = "rates in turn, for ever, in place of it: '20s:2000,20s:12000'"},
                   {.kind = Kind::kInteger,
                    .name = "number-of-rows",
                    .about = "rows in all. Default: without end, or until a sequence ends"},
                   {.kind = Kind::kText,
                    .name = "fields.*",
                    .about =
                        "fields.<column>.kind (random, sequence), .min, .max, .length, .start, "
                        ".end, .max-past, .null-rate"},
                   {.kind = Kind::kInteger,
                    .name = "splits",
                    .fallback = "1",
                    .about = "parts that can be read in parallel; fixed for the life of the state"},
                   {.kind = Kind::kInteger,
                    .name = "seed",
                    .fallback = "0",
                    .about = "another seed gives other rows"}}},
      {.name = "filesystem",
       .is_source = true,
       .is_sink = true,
       .needs_format = true,
       .unbounded_with = "source.monitor-interval",
       .options = {{.kind = Kind::kPath,
                    .name = "path",
                    .required = true,
                    .about =
                        "a directory, or as a source also a file: an absolute path or file:// URI"},
                   {.kind = Kind::kDuration,
                    .name = "source.monitor-interval",
                    .about =
                        "look for new files this often, for ever. Default: read what is there"},
                   {.kind = Kind::kBytes,
                    .name = "sink.rolling-policy.file-size",
                    .fallback = "128Mi",
                    .about = "begin another file when one has reached this size"}}},
      {.name = "print",
       .is_sink = true,
       .accepts_changelog = true,
       .options = {{.kind = Kind::kText,
                    .name = "print-identifier",
                    .about = "text in front of every row"},
                   {.kind = Kind::kBoolean,
                    .name = "standard-error",
                    .fallback = "false",
                    .about = "print to standard error instead of standard output"}}},
      {.name = "blackhole", .is_sink = true, .accepts_changelog = true},
  };
  return all;
}

OptionDeclaration ignore_parse_errors(std::string_view name) {
  return {.kind = Kind::kBoolean,
          .name = name,
          .fallback = "false",
          .about =
              "skip and count rows that cannot be decoded instead of failing; JSON fields that "
              "do not fit become NULL"};
}

OptionDeclaration timestamp_standard(std::string_view name) {
  return {.kind = Kind::kText,
          .name = name,
          .fallback = "SQL",
          .about = "SQL: 2013-01-31 05:00:00.5; ISO-8601: 2013-01-31T05:00:00.5"};
}

const std::vector<FormatDeclaration>& formats() {
  static const std::vector<FormatDeclaration> all = {
      {.name = "json",
       .reads = true,
       .writes = true,
       .options = {ignore_parse_errors("json.ignore-parse-errors"),
                   {.kind = Kind::kBoolean,
                    .name = "json.fail-on-missing-field",
                    .fallback = "false",
                    .about = "a field that is not there is an error instead of NULL"},
                   timestamp_standard("json.timestamp-format.standard")}},
      {.name = "csv",
       .reads = true,
       .writes = true,
       .options = {ignore_parse_errors("csv.ignore-parse-errors"),
                   {.name = "csv.field-delimiter",
                    .fallback = ",",
                    .about = "one character between fields; \\t for a tab"},
                   {.name = "csv.quote-character",
                    .fallback = "\"",
                    .about = "one character around fields that hold delimiters"},
                   {.kind = Kind::kBoolean,
                    .name = "csv.disable-quote-character",
                    .fallback = "false",
                    .about = "fields are never quoted"},
                   {.name = "csv.null-literal", .about = "text that means NULL"},
                   {.kind = Kind::kBoolean,
                    .name = "csv.allow-comments",
                    .fallback = "false",
                    .about = "lines that begin with # are left out"},
                   {.kind = Kind::kBoolean,
                    .name = "csv.header",
                    .fallback = "false",
                    .about = "the first line of each file names the columns"}}},
      {.name = "debezium-json",
       .writes = true,
       .carries_changelog = true,
       .options = {timestamp_standard("debezium-json.timestamp-format.standard")}},
  };
  return all;
}

template <typename Declaration>
const Declaration* find(std::span<const Declaration> all, std::string_view name) {
  const auto at = std::ranges::find(all, name, &Declaration::name);
  return at == all.end() ? nullptr : &*at;
}

}  // namespace

std::span<const ConnectorDeclaration> connector_declarations() { return connectors(); }
std::span<const FormatDeclaration> format_declarations() { return formats(); }

const ConnectorDeclaration* find_connector(std::string_view name) {
  return find(connector_declarations(), name);
}
const FormatDeclaration* find_format(std::string_view name) {
  return find(format_declarations(), name);
}

}  // namespace penstock
