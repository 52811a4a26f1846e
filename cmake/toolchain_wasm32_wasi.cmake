# wasm32-wasi with Debian's Clang 22 (default) or with the wasi-sdk that WASI_SDK_PATH names.
# Debian ships only the old triple's folders, so a private sysroot in the build folder links the new triple's names to them.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_CXX_COMPILER_TARGET wasm32-wasip1)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

if(DEFINED ENV{WASI_SDK_PATH} AND NOT "$ENV{WASI_SDK_PATH}" STREQUAL "")
  set(CMAKE_CXX_COMPILER $ENV{WASI_SDK_PATH}/bin/clang++)
  set(CMAKE_SYSROOT $ENV{WASI_SDK_PATH}/share/wasi-sysroot)
else()
  set(sysroot ${CMAKE_BINARY_DIR}/sysroot)
  file(MAKE_DIRECTORY ${sysroot}/include ${sysroot}/lib)
  file(CREATE_LINK /usr/include/wasm32-wasi ${sysroot}/include/wasm32-wasip1 SYMBOLIC)
  file(CREATE_LINK /usr/lib/wasm32-wasi ${sysroot}/lib/wasm32-wasip1 SYMBOLIC)
  set(CMAKE_CXX_COMPILER clang++-22)
  set(CMAKE_SYSROOT ${sysroot})
endif()

set(CMAKE_CXX_FLAGS_INIT "-msimd128")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-mexec-model=reactor")
# Small first: what is hot (cmake/wasm_module.cmake) is compiled for speed.
set(CMAKE_CXX_FLAGS_RELEASE "-Oz -DNDEBUG")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
