#pragma once

#include "runtime/graph/graph.h"

namespace penstock {

// The published Nexmark table.
inline Schema nexmark_schema() {
  const Type bigint = Type::of(TypeKind::kBigint);
  const Type text = Type::of(TypeKind::kString);
  const Type time = Type::of(TypeKind::kTimestamp);
  return {{{"event_type", Type::of(TypeKind::kInt)},
           {"person", Type::row({{"id", bigint},
                                 {"name", text},
                                 {"emailAddress", text},
                                 {"creditCard", text},
                                 {"city", text},
                                 {"state", text},
                                 {"dateTime", time},
                                 {"extra", text}})},
           {"auction", Type::row({{"id", bigint},
                                  {"itemName", text},
                                  {"description", text},
                                  {"initialBid", bigint},
                                  {"reserve", bigint},
                                  {"dateTime", time},
                                  {"expires", time},
                                  {"seller", bigint},
                                  {"category", bigint},
                                  {"extra", text}})},
           {"bid", Type::row({{"auction", bigint},
                              {"bidder", bigint},
                              {"price", bigint},
                              {"channel", text},
                              {"url", text},
                              {"dateTime", time},
                              {"extra", text}})}}};
}

inline SourceSpec nexmark_table(Options options) {
  return {.table = "nexmark",
          .connector = "nexmark",
          .options = std::move(options),
          .declared = nexmark_schema(),
          .columns = {0, 1, 2, 3}};
}

}  // namespace penstock
