# How this project builds: one folder, one library; warnings are errors; tests are GoogleTest programs.

include(CTest)
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
find_package(Threads REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(simdjson REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost REQUIRED)
find_package(cpprestsdk REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(CURL REQUIRED)
find_package(pugixml REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)      # PkgConfig::zstd
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)  # PkgConfig::xxhash

set(PENSTOCK_SANITIZE "" CACHE STRING "Sanitizers to build with: address,undefined or thread")
if(PENSTOCK_SANITIZE)
  # vptr: cpprest's stream buffers are reported although they are right.
  add_compile_options(-fsanitize=${PENSTOCK_SANITIZE} -fno-sanitize=vptr -fno-omit-frame-pointer
                      -fno-sanitize-recover=all -D_GLIBCXX_ASSERTIONS)
  add_link_options(-fsanitize=${PENSTOCK_SANITIZE} -fno-sanitize=vptr)
endif()

# What a test runs with.
set(penstock_sanitizer_options
  "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1"
  "UBSAN_OPTIONS=print_stacktrace=1"
  # Debian's libraries are built without TSan: what it sees of them is half of the truth.
  "TSAN_OPTIONS=ignore_noninstrumented_modules=1:atexit_sleep_ms=0:second_deadlock_stack=1")

add_library(penstock_warnings INTERFACE)
target_compile_options(penstock_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -Wno-missing-field-initializers)

# penstock_library(<name> SOURCES ... HEADERS ... DEPENDS ... PRIVATE_DEPENDS ...): one folder, one library. A folder without
# sources is an interface library. Headers are checked to compile alone by target all_verify_interface_header_sets.
function(penstock_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;HEADERS;DEPENDS;PRIVATE_DEPENDS")
  if(arg_SOURCES)
    add_library(${name} STATIC ${arg_SOURCES})
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
    target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${arg_HEADERS})
    target_link_libraries(${name} PUBLIC ${arg_DEPENDS} Threads::Threads PRIVATE penstock_warnings ${arg_PRIVATE_DEPENDS})
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_sources(${name} INTERFACE FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${arg_HEADERS})
    target_link_libraries(${name} INTERFACE ${arg_DEPENDS})
  endif()
endfunction()

# penstock_proto(<name> <path>): the library of the code that is generated from <path>.proto, a path in the tree without ending; who
# links it includes "<path>.pb.h" and "<path>.grpc.pb.h".
function(penstock_proto name proto)
  set(generated ${PROJECT_BINARY_DIR}/generated)
  file(MAKE_DIRECTORY ${generated})
  add_custom_command(
    OUTPUT ${generated}/${proto}.pb.cc ${generated}/${proto}.pb.h
           ${generated}/${proto}.grpc.pb.cc ${generated}/${proto}.grpc.pb.h
    COMMAND protobuf::protoc --proto_path=${PROJECT_SOURCE_DIR} --cpp_out=${generated}
            --grpc_out=${generated} --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>
            ${PROJECT_SOURCE_DIR}/${proto}.proto
    DEPENDS ${PROJECT_SOURCE_DIR}/${proto}.proto
    VERBATIM)
  add_library(${name} STATIC ${generated}/${proto}.pb.cc ${generated}/${proto}.grpc.pb.cc)
  target_include_directories(${name} SYSTEM PUBLIC ${generated})
  target_link_libraries(${name} PUBLIC gRPC::grpc++ protobuf::libprotobuf)
endfunction()

# For libraries whose templates take the optimizer minutes once they are sanitized: they are built without it there.
function(penstock_sanitize_unoptimized name)
  if(PENSTOCK_SANITIZE)
    target_compile_options(${name} PRIVATE -O0)
  endif()
endfunction()

# penstock_test(<name> SOURCES ... DEPENDS ... [SANITIZE address thread] [SANITIZED_FILTER filter] [LABELS ...] [TIMEOUT seconds]): one
# GoogleTest program, one ctest entry. A sanitizer build has only the tests that name it: those that start threads (thread), all that
# handle bytes or memory (address). The filter thins out a table of many like cases there.
function(penstock_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT;SANITIZED_FILTER" "SOURCES;DEPENDS;LABELS;SANITIZE")
  string(REGEX MATCH "^[a-z]+" sanitizer "${PENSTOCK_SANITIZE}")
  if(PENSTOCK_SANITIZE AND NOT sanitizer IN_LIST arg_SANITIZE)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} penstock_warnings GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE PENSTOCK_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                             PENSTOCK_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  set(arguments)
  if(PENSTOCK_SANITIZE AND arg_SANITIZED_FILTER)
    set(arguments "--gtest_filter=${arg_SANITIZED_FILTER}")
  endif()
  add_test(NAME ${name} COMMAND ${name} ${arguments})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
  if(PENSTOCK_SANITIZE)
    set_tests_properties(${name} PROPERTIES ENVIRONMENT "${penstock_sanitizer_options}")
  endif()
endfunction()
