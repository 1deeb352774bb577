#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

// S3's XML answers as values.
namespace penstock::s3 {

struct ErrorText {
  std::string code, message, region;
};
// Empty fields where the text is not S3's.
ErrorText read_error_text(std::string_view xml);

struct ListText {
  std::vector<std::string> keys;  // decoded
  std::string next_token;
  bool truncated = false;
};
Result<ListText> read_list_text(std::string_view xml);

}  // namespace penstock::s3
