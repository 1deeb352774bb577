#pragma once

#include "runtime/sql/bind_query.h"

namespace penstock::sql {

// CREATE statements: check and add to the catalog.
Done declare_table(const CreateTable& written, Catalog& catalog);
Done declare_view(const CreateView& written, Catalog& catalog);

}  // namespace penstock::sql
