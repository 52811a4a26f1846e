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
# Clang 14 makes a tail call of whatever a coroutine's resume part ends in that looks like another coroutine (an internal destructor
# will do), and tail calls leak Emscripten's shadow stack. Without optimisation it does not; this module is not shipped.
set(CMAKE_CXX_FLAGS_RELEASE "-O0 -DNDEBUG")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-O2")
set(EDGEPOOL_EMSCRIPTEN ON)
