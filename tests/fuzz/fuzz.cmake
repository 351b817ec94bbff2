# Hostile bytes (tests/fuzz/README.md). `fuzz_replay` with any compiler; `fuzz` with clang and -DOPENITEM_FUZZ=ON.
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/*.c)
list(FILTER fuzz_sources EXCLUDE REGEX "/main_[a-z]+\\.c$")
add_library(fuzz_targets STATIC ${fuzz_sources})
target_include_directories(fuzz_targets PUBLIC ${CMAKE_SOURCE_DIR}/tests/fuzz ${CMAKE_SOURCE_DIR}/services)
target_link_libraries(fuzz_targets PUBLIC ${ALL_LIBS})
# The headers of a Kafka record come from librdkafka; here from the input (target_tool.c).
target_link_options(fuzz_targets INTERFACE LINKER:--wrap=bus_header,--wrap=bus_header_at)
add_executable(fuzz_replay ${CMAKE_SOURCE_DIR}/tests/fuzz/main_replay.c)
target_link_libraries(fuzz_replay PRIVATE fuzz_targets)
if(OPENITEM_FUZZ)
	add_executable(fuzz ${CMAKE_SOURCE_DIR}/tests/fuzz/main_fuzz.c)
	target_link_libraries(fuzz PRIVATE fuzz_targets)
	target_link_options(fuzz PRIVATE -fsanitize=fuzzer)
endif()
# What the codecs say of bytes, for tests/fuzz/differential.py.
add_executable(fuzz_pipe ${CMAKE_SOURCE_DIR}/tests/fuzz/main_pipe.c)
target_include_directories(fuzz_pipe PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit)
target_link_libraries(fuzz_pipe PRIVATE wire json)
