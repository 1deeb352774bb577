find_package(yaml-cpp REQUIRED)

add_library(penstock_cli STATIC
  arguments.cpp arguments.h commands.h job_file.cpp job_file.h plan_commands.cpp run_command.cpp)
target_include_directories(penstock_cli PUBLIC ${PROJECT_SOURCE_DIR})
target_link_libraries(penstock_cli PUBLIC penstock_job penstock_sql
                      PRIVATE penstock_admission penstock_api penstock_control nlohmann_json::nlohmann_json yaml-cpp penstock_warnings)

add_executable(penstock main.cpp)
target_compile_definitions(penstock PRIVATE PENSTOCK_VERSION="${PROJECT_VERSION}")
target_link_libraries(penstock PRIVATE penstock_cli penstock_snapshot penstock_bench penstock_warnings)
add_dependencies(penstock penstock_count_allocations)  # `penstock bench` looks for it beside the program
