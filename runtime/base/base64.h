#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock {

std::string encode_base64(std::string_view bytes);
// Nothing when `text` is not standard base64 with padding.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace penstock
