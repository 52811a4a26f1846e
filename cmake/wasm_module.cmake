# The deployable: one module, a reactor without main, with only our own imports and exports.
file(GLOB module_sources CONFIGURE_DEPENDS worker/wasm/*.cpp)
add_executable(edgepool ${module_sources})
target_link_libraries(edgepool PRIVATE edgepool_boundary edgepool_warnings)
target_compile_options(edgepool PRIVATE -Wno-pedantic)
if(EDGEPOOL_EMSCRIPTEN)
  target_link_options(edgepool PRIVATE -sSTANDALONE_WASM --no-entry -sALLOW_MEMORY_GROWTH=1 -sMAXIMUM_MEMORY=67108864 -sTOTAL_STACK=262144 -sINITIAL_MEMORY=1048576)
else()
  target_link_options(edgepool PRIVATE -Wl,--strip-all -Wl,-z,stack-size=262144 -Wl,--initial-memory=1048576 -Wl,--max-memory=67108864
                      -Wl,--export=__stack_pointer)
endif()
