# The second toolchain: Debian's Emscripten (3.1.6, clang 14, libc++ 13). Built and smoke-tested, not shipped.
set(CMAKE_SYSTEM_NAME Emscripten)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_CXX_COMPILER em++)
set(CMAKE_C_COMPILER emcc)
set(CMAKE_AR emar CACHE FILEPATH "")
set(CMAKE_RANLIB emranlib CACHE FILEPATH "")
set(CMAKE_CXX_COMPILER_WORKS ON)
set(CMAKE_CXX_COMPILER_ID Clang)
set(CMAKE_EXECUTABLE_SUFFIX .wasm)
set(CMAKE_CXX_FLAGS_INIT "-std=c++20 -msimd128 -isystem ${CMAKE_CURRENT_LIST_DIR}/emscripten")
# Small first: what is hot (cmake/wasm_module.cmake) is compiled for speed.
set(CMAKE_CXX_FLAGS_RELEASE "-Oz -DNDEBUG")
set(EDGEPOOL_EMSCRIPTEN ON)
