# Warnings are errors for our own sources. Exceptions and RTTI are off everywhere, as in the Wasm module.
add_library(edgepool_warnings INTERFACE)
target_compile_options(edgepool_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror)
add_compile_options(-fno-exceptions -fno-rtti)

if(EDGEPOOL_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(EDGEPOOL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
