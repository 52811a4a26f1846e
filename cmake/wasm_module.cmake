# The deployable: one module, a reactor without main, with only our own imports and exports.
file(GLOB module_sources CONFIGURE_DEPENDS worker/wasm/*.cpp)
add_executable(edgepool ${module_sources})
target_link_libraries(edgepool PRIVATE edgepool_boundary edgepool_warnings)
set_target_properties(edgepool PROPERTIES SUFFIX .wasm)
if(EDGEPOOL_EMSCRIPTEN)
  target_link_options(edgepool PRIVATE -sSTANDALONE_WASM --no-entry -sALLOW_MEMORY_GROWTH=1 -sMAXIMUM_MEMORY=67108864 -sTOTAL_STACK=262144 -sINITIAL_MEMORY=1048576)
else()
  target_link_options(edgepool PRIVATE -Wl,--strip-all -Wl,-z,stack-size=262144 -Wl,--initial-memory=1048576 -Wl,--max-memory=67108864
                      -Wl,--export=__stack_pointer)
endif()

# What runs over every byte of a body is worth its size; everything else is compiled small.
set_source_files_properties(src/json/scan.cpp src/json/request_facts.cpp src/base/sha256.cpp src/stream/sse_framer.cpp src/stream/ndjson_framer.cpp
                            PROPERTIES COMPILE_OPTIONS -O3)
