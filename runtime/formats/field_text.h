#pragma once

#include <string_view>

#include "runtime/formats/decoded_column.h"
#include "runtime/formats/format_options.h"

namespace penstock {

// Reads a value of any type but ROW from text into row `row` of `column`; false when it is none.
// Text of a STRING is taken as it is and must be UTF-8.
bool set_from_text(DecodedColumn& column, std::size_t row, std::string_view text,
                   TimestampStandard standard);

// "field <name>: not a <type>: '<text>'"; long text is cut.
Error bad_field(std::string_view name, const Type& type, std::string_view text,
                std::string_view hint = {});

// Appends a value of any type but STRING and ROW that is not NULL.
void append_scalar(std::string& out, const Column& column, std::size_t row,
                   TimestampStandard standard);

// Whether the type can be read and written as one field.
bool is_scalar_field(const Type& type);

}  // namespace penstock
