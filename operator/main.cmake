add_executable(penstock-operator apply.cpp main.cpp run_command.cpp top_command.cpp up_command.cpp)
target_compile_definitions(penstock-operator PRIVATE PENSTOCK_VERSION="${PROJECT_VERSION}")
target_link_libraries(penstock-operator PRIVATE
  penstock_admission penstock_apiserver penstock_engines penstock_process_runner penstock_reconcilers penstock_storage
  penstock_top nlohmann_json::nlohmann_json yaml-cpp penstock_warnings)
add_dependencies(penstock-operator penstock penstock-shim)
