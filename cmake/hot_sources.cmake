# What runs over every byte of a body or of a stream is worth its size in the module; everything else is compiled small.
set(hot_sources src/json/scan.cpp src/json/request_facts.cpp src/usage/answer_facts.cpp src/stream/sse_framer.cpp)
list(TRANSFORM hot_sources PREPEND ${CMAKE_CURRENT_LIST_DIR}/../)
set_source_files_properties(${hot_sources} PROPERTIES COMPILE_OPTIONS "-O2;-fno-vectorize;-fno-slp-vectorize")
