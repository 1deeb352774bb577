#include "runtime/connectors/declarations.h"

#include <gtest/gtest.h>

#include "runtime/connectors/registry.h"
#include "runtime/formats/format.h"

namespace penstock {
namespace {

TEST(Declarations, FindByName) {
  ASSERT_NE(find_connector("nexmark"), nullptr);
  EXPECT_TRUE(find_connector("nexmark")->is_source);
  EXPECT_FALSE(find_connector("nexmark")->is_sink);
  EXPECT_TRUE(find_connector("filesystem")->needs_format);
  EXPECT_TRUE(find_connector("blackhole")->accepts_changelog);
  EXPECT_TRUE(find_format("debezium-json")->carries_changelog);
  EXPECT_EQ(find_connector("kafka"), nullptr);
  EXPECT_EQ(find_format("avro"), nullptr);
}

TEST(Declarations, EveryOptionSaysWhatItIsFor) {
  for (const auto& connector : connector_declarations())
    for (const auto& option : connector.options) EXPECT_FALSE(option.about.empty()) << option.name;
  for (const auto& format : format_declarations())
    for (const auto& option : format.options) {
      EXPECT_FALSE(option.about.empty()) << option.name;
      EXPECT_TRUE(option.name.starts_with(format.name)) << option.name;
    }
}

TEST(Declarations, EveryDeclaredConnectorIsBuilt) {
  ManualClock clock;
  const Schema schema{{{"a", Type::of(TypeKind::kString)}}};
  for (const auto& connector : connector_declarations()) {
    const Options options =
        connector.needs_format
            ? Options{{"path", testing::TempDir() + "declared"}, {"format", "json"}}
            : Options{};
    SourceSpec source{.table = "t", .connector = std::string(connector.name), .options = options};
    if (connector.name != "nexmark") source.declared = schema;
    SinkSpec sink{.table = "t",
                  .connector = std::string(connector.name),
                  .options = options,
                  .declared = schema};
    EXPECT_EQ(make_source(source, clock).has_value(), connector.is_source) << connector.name;
    EXPECT_EQ(make_sink(sink, clock).has_value(), connector.is_sink) << connector.name;
  }
}

// Each declared default is accepted, and what is not declared is refused.
TEST(Declarations, FormatOptionsAreThoseThatTheFormatsRead) {
  const Schema schema{{{"a", Type::of(TypeKind::kString)}}};
  for (const auto& format : format_declarations()) {
    Options options;
    for (const auto& option : format.options)
      if (!option.fallback.empty())
        options[std::string(option.name)] = std::string(option.fallback);
    EXPECT_EQ(make_decoder(format.name, options, schema, {0}).has_value(), format.reads)
        << format.name;
    EXPECT_EQ(make_encoder(format.name, options, schema).has_value(), format.writes) << format.name;
    options[std::string(format.name) + ".no-such-option"] = "x";
    EXPECT_FALSE(make_encoder(format.name, options, schema)) << format.name;
  }
}

}  // namespace
}  // namespace penstock
