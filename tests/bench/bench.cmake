# Programs of the benchmarks: tests/bench/bench_<name>.c; what they share is in the other files. Included by tests.cmake.
file(GLOB bench_shared CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/bench/[!b]*.c)
add_library(bench_shared STATIC ${bench_shared})
target_include_directories(bench_shared PUBLIC ${CMAKE_SOURCE_DIR}/tests/bench ${CMAKE_SOURCE_DIR}/services)
target_link_libraries(bench_shared PUBLIC ${ALL_LIBS} PkgConfig::LIBPQ PkgConfig::RDKAFKA)

file(GLOB bench CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/bench/bench_*.c)
foreach(source ${bench})
	get_filename_component(name ${source} NAME_WE)
	add_executable(${name} ${source})
	target_link_libraries(${name} PRIVATE bench_shared)
endforeach()

# Preloaded into a service by p09_memory.py.
add_library(bench_heap MODULE ${CMAKE_SOURCE_DIR}/tests/bench/interpose/heap.c)
set_target_properties(bench_heap PROPERTIES PREFIX "")
