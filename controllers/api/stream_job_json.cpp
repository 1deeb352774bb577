#include "controllers/api/stream_job_fields.h"
#include "controllers/api/visitors.h"

namespace penstock::api {

PENSTOCK_API_JSON(StreamJob);
PENSTOCK_API_JSON(StreamJobSpec);
PENSTOCK_API_JSON(StreamJobStatus);

template std::vector<FieldError> not_implemented<StreamJobSpec>(const StreamJobSpec&,
                                                                std::string_view);

}  // namespace penstock::api
