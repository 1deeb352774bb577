add_executable(penstock-operator
  apply.cpp apply.h main.cpp run_command.cpp run_command.h top_command.cpp top_command.h up_command.cpp up_command.h)
target_compile_definitions(penstock-operator PRIVATE PENSTOCK_VERSION="${PROJECT_VERSION}")
target_link_libraries(penstock-operator PRIVATE
  penstock_admission penstock_apiserver penstock_certificates penstock_engines penstock_keda penstock_process_runner penstock_reconcilers penstock_storage
  penstock_top penstock_webhook nlohmann_json::nlohmann_json yaml-cpp penstock_warnings)
add_dependencies(penstock-operator penstock penstock-shim)
