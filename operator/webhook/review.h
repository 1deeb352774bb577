#pragma once

#include <string>
#include <string_view>

namespace penstock {

struct ReviewAnswer {
  int status = 200;  // of HTTP; a refusal of the object is 200 too
  std::string body;  // an AdmissionReview, or text when the question was none
  std::string content_type = "application/json";
  bool allowed = true;
};

// Answers an AdmissionReview of admission.k8s.io/v1 with what controllers/admission thinks of the
// object. Pure: a dry run is a review like any other. Let through without a look: everything but
// create and update of our kinds, subresources, and objects that are being deleted. Whatever else
// `body` is gets a 400 that says what is wrong.
ReviewAnswer answer_review(std::string_view body);

}  // namespace penstock
