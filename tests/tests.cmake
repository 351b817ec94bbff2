# Tests: unit programs (tests/unit/test_<name>.c), the table runner (tests/tables). Included by the top CMakeLists.txt.
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
set(ALL_LIBS run json ledger)
foreach(s ${SERVICES})
	if(TARGET ${s}_core)
		list(APPEND ALL_LIBS ${s}_core)
	endif()
endforeach()
if(TARGET cli)
	list(APPEND ALL_LIBS cli)
endif()
foreach(s ${SERVICES})
	list(APPEND ALL_LIBS migrations_${s})
endforeach()

file(GLOB unit CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/test_*.c)
foreach(source ${unit})
	get_filename_component(name ${source} NAME_WE)
	add_executable(${name} ${source})
	target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests ${CMAKE_SOURCE_DIR}/services)
	target_link_libraries(${name} PRIVATE ${ALL_LIBS} PkgConfig::CMOCKA)
endforeach()

# What judges in the simulation (tests/sim), in a small world where nothing breaks.
file(GLOB sim_parts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/sim/rng.c ${CMAKE_SOURCE_DIR}/tests/sim/workload*.c
	${CMAKE_SOURCE_DIR}/tests/sim/invariants*.c ${CMAKE_SOURCE_DIR}/tests/sim/fold*.c ${CMAKE_SOURCE_DIR}/tests/sim/digest*.c
	${CMAKE_SOURCE_DIR}/tests/sim/coverage.c)
target_sources(test_sim_parts PRIVATE ${sim_parts})
target_include_directories(test_sim_parts PRIVATE ${CMAKE_SOURCE_DIR}/tests/sim)

# One runner per service for the text tables of tests/tables/<service>.
file(GLOB harness CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/tables/*.c)
list(FILTER harness EXCLUDE REGEX "/main_[a-z]+\\.c$")
foreach(s ${SERVICES})
	if(EXISTS ${CMAKE_SOURCE_DIR}/tests/tables/main_${s}.c AND TARGET ${s}_core)
		add_executable(tables_${s} ${harness} ${CMAKE_SOURCE_DIR}/tests/tables/main_${s}.c)
		target_include_directories(tables_${s} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
		target_link_libraries(tables_${s} PRIVATE ${s}_core run)
	endif()
endforeach()

# The SQL of every service against a database it has just migrated.
add_library(sql_check STATIC ${CMAKE_SOURCE_DIR}/tests/sql/sql_check.c)
target_include_directories(sql_check PUBLIC ${CMAKE_SOURCE_DIR}/tests/sql)
target_link_libraries(sql_check PUBLIC store)
add_executable(test_sql_check ${CMAKE_SOURCE_DIR}/tests/sql/test_sql_check.c)
target_link_libraries(test_sql_check PRIVATE sql_check)
add_executable(test_sql_services ${CMAKE_SOURCE_DIR}/tests/sql/sql_services.c)
target_link_libraries(test_sql_services PRIVATE sql_check ${ALL_LIBS})

# Our JSON against protobuf's own, by tests/unit/json_differential.py.
add_executable(json_pipe ${CMAKE_SOURCE_DIR}/tests/unit/json_pipe.c)
target_link_libraries(json_pipe PRIVATE json)

include(${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz.cmake)
include(${CMAKE_SOURCE_DIR}/tests/bench/bench.cmake)

# The simulation: the loop and the services as they are, on stand-ins for what store, bus, seen, log and metrics declare. These are static
# libraries, so the stand-ins keep their members out: no libpq, librdkafka or hiredis is left (--as-needed).
if(OPENITEM_FAULTS)
	file(GLOB sim CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/sim/*.c)
	add_executable(sim ${sim})
	target_include_directories(sim PRIVATE ${CMAKE_SOURCE_DIR}/tests ${CMAKE_SOURCE_DIR}/tests/sim ${CMAKE_SOURCE_DIR}/services)
	target_link_libraries(sim PRIVATE ${ALL_LIBS})
	target_link_options(sim PRIVATE LINKER:--as-needed LINKER:--wrap=base_check_failed LINKER:--wrap=arena_new
		LINKER:--wrap=arena_free LINKER:--wrap=wire_decode LINKER:--wrap=wire_decode_strict)
endif()
