#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock {

// RFC 3986: everything but unreserved characters and those of `kept` ("/" for a path) as %XX.
std::string encode_percent(std::string_view text, std::string_view kept = {});
// The reverse, as in a form: '+' is a blank. Nothing when a % is not followed by two digits.
std::optional<std::string> decode_percent(std::string_view text);

}  // namespace penstock
