#pragma once

#include <string>
#include <string_view>

#include "runtime/checkpoint/log.h"

namespace penstock {

// Why a log is no savepoint of this job, whose own log is `log_id`; empty when it is one, whole or
// begun. Pure.
std::string not_a_savepoint(const LogContents& contents, const JobIdentity& job,
                            std::string_view log_id);

// Deletes a savepoint of this job: the record that makes it one first, the claim that tells whose
// it is last, so that what is left of an interrupted attempt can be deleted by the next. Nothing
// there is a success; kInvalid, with why, when it is something else.
Status dispose_savepoint(BlobStore& store, const JobIdentity& job, std::string_view log_id);
Status dispose_savepoint(const std::string& uri, const JobIdentity& job, std::string_view log_id);

}  // namespace penstock
