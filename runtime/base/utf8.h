#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace penstock {

// UTF-8 by characters (code points). Bytes that are no UTF-8 count as one character each.

bool is_ascii(std::string_view text);
std::size_t count_characters(std::string_view text);
// Byte length of the character that `text`, which is not empty, begins with.
std::size_t character_length(std::string_view text);
// Byte offset of character number `index` (from 0); text.size() when there are fewer.
std::size_t offset_of_character(std::string_view text, std::size_t index);
// `count` characters from character number `first`.
std::string_view characters(std::string_view text, std::size_t first, std::size_t count);

// The code point that `text`, which is not empty, begins with.
std::uint32_t decode_character(std::string_view text);
void append_character(std::string& out, std::uint32_t code_point);

// Upper and lower case of Latin, Greek and Cyrillic letters; everything else stays.
std::uint32_t to_upper(std::uint32_t code_point);
std::uint32_t to_lower(std::uint32_t code_point);

}  // namespace penstock
