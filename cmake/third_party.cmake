# nlohmann/json and tl::expected come from Debian's packages as single headers, linked into a private include folder:
# adding /usr/include to a cross build would let the host's own headers in.
find_path(NLOHMANN_INCLUDE nlohmann/json.hpp PATHS /usr/include /usr/local/include NO_CMAKE_FIND_ROOT_PATH REQUIRED)
find_path(EXPECTED_INCLUDE tl/expected.hpp PATHS /usr/include /usr/local/include NO_CMAKE_FIND_ROOT_PATH REQUIRED)

set(third_party_dir ${CMAKE_BINARY_DIR}/third_party)
file(MAKE_DIRECTORY ${third_party_dir})
file(CREATE_LINK ${NLOHMANN_INCLUDE}/nlohmann ${third_party_dir}/nlohmann SYMBOLIC)
file(CREATE_LINK ${EXPECTED_INCLUDE}/tl ${third_party_dir}/tl SYMBOLIC)

add_library(edgepool_third_party INTERFACE)
target_include_directories(edgepool_third_party SYSTEM INTERFACE ${third_party_dir})
target_compile_definitions(edgepool_third_party INTERFACE JSON_NOEXCEPTION JSON_HAS_FILESYSTEM=0 JSON_HAS_EXPERIMENTAL_FILESYSTEM=0 JSON_NO_IO)
