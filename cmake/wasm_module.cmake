# The deployable: one module, a reactor without main, with only our own imports and exports.
file(GLOB module_sources CONFIGURE_DEPENDS worker/wasm/*.cpp)
# All objects in one link, without archives: link-time optimisation sees everything, and needs no ar that reads this Clang's bitcode.
add_executable(edgepool ${module_sources} ${boundary_sources} ${core_sources})
set_target_properties(edgepool_core edgepool_boundary PROPERTIES EXCLUDE_FROM_ALL ON)
target_include_directories(edgepool PRIVATE . src)
target_link_libraries(edgepool PRIVATE edgepool_third_party edgepool_warnings)
set_target_properties(edgepool PROPERTIES SUFFIX .wasm)
if(EDGEPOOL_EMSCRIPTEN)
  # The one import, env.log, is the shim's: no symbol of this link defines it.
  target_link_options(edgepool PRIVATE -sERROR_ON_UNDEFINED_SYMBOLS=0 -sSTANDALONE_WASM --no-entry -sALLOW_MEMORY_GROWTH=1 -sMAXIMUM_MEMORY=67108864 -sTOTAL_STACK=262144 -sINITIAL_MEMORY=1048576)
else()
  target_link_options(edgepool PRIVATE -Wl,--strip-all -Wl,-z,stack-size=262144 -Wl,--initial-memory=1048576 -Wl,--max-memory=67108864
                      -Wl,--export=__stack_pointer -flto
                      -Wl,-mllvm,-inline-threshold=-200)
  target_compile_options(edgepool PRIVATE -flto)
endif()

include(cmake/hot_sources.cmake)
