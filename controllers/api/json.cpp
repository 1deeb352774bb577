#include "controllers/api/json.h"

namespace penstock::api {

std::string join(const std::vector<FieldError>& errors) {
  std::string text;
  for (const FieldError& error : errors) {
    if (!text.empty()) text += "; ";
    if (!error.path.empty()) text += error.path + ": ";
    text += error.message;
  }
  return text;
}

}  // namespace penstock::api
