# SPDX-License-Identifier: Apache-2.0
#
# How a test is made. Two functions:
#
#   tidemark_test(<name> SOURCES a.cpp ... [LIBS ...] [LABELS ...] [TIMEOUT s] [DEPENDS target ...]
#                 [ENVIRONMENT VAR=value ...] [OWN_MAIN] [SERIAL])
#       builds one doctest executable, bin/<name>, and registers it as one ctest entry.
#       OWN_MAIN: the sources bring their own main().
#
#   tidemark_script_test(<name> COMMAND program arg ... [LABELS ...] [TIMEOUT s] [ENVIRONMENT VAR=value ...] [SERIAL])
#       registers a script. COMMAND python3 means the system's Python.
#
# Every test runs in the build folder, in parallel with others, with TIDEMARK_BIN_DIR, TIDEMARK_LIB_DIR,
# TIDEMARK_SOURCE_DIR, TIDEMARK_BUILD_PRESET (empty, asan, tsan) and TIDEMARK_TEST_NAME in its environment. A test that
# needs an instance of its own names it after its process id. SERIAL: nothing else runs meanwhile.
#
# Labels that change where a test runs:
#   tsan      also built and run under ThreadSanitizer; a test without it is left out of that build, and
#             tests/without_tsan.txt says why
#   no-asan   left out of the AddressSanitizer build (it preloads the malloc tracker, or valgrind, or measures time)
# Others only select (ctest -L): unit, process, abi, program, lint, slow.

include_guard(GLOBAL)

find_program(TIDEMARK_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
mark_as_advanced(TIDEMARK_PYTHON)

set(TIDEMARK_TEST_PRESET "")
set(TIDEMARK_TIMEOUT_FACTOR 1)
if(TIDEMARK_SANITIZE MATCHES "address")
    set(TIDEMARK_TEST_PRESET asan)
    set(TIDEMARK_TIMEOUT_FACTOR 3)
elseif(TIDEMARK_SANITIZE MATCHES "thread")
    set(TIDEMARK_TEST_PRESET tsan)
    set(TIDEMARK_TIMEOUT_FACTOR 5)
endif()

# PATTERN | reason, by line.
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/without_tsan.txt TIDEMARK_WITHOUT_TSAN REGEX "^[^#]")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/without_tsan.txt)

# A test that is left out under ThreadSanitizer has its reason in that file, one that isn't has none.
function(tidemark_check_tsan_reason name)
    set(reason "")
    foreach(line IN LISTS TIDEMARK_WITHOUT_TSAN)
        string(REGEX REPLACE " \\| .*" "" pattern "${line}")
        if(name MATCHES "^(${pattern})$")
            set(reason "${line}")
            set_property(GLOBAL APPEND PROPERTY TIDEMARK_TSAN_REASONS_USED "${line}")
        endif()
    endforeach()
    if("tsan" IN_LIST ARGN AND reason)
        message(FATAL_ERROR "${name} has the label tsan, and tests/without_tsan.txt says why it does not run there")
    elseif(NOT "tsan" IN_LIST ARGN AND NOT reason)
        message(FATAL_ERROR "${name}: label it tsan, or say in tests/without_tsan.txt why not")
    endif()
endfunction()

# After the last test, where all of them are registered: each line has its test.
function(tidemark_check_tsan_reasons_used)
    get_property(used GLOBAL PROPERTY TIDEMARK_TSAN_REASONS_USED)
    foreach(line IN LISTS TIDEMARK_WITHOUT_TSAN)
        if(NOT line IN_LIST used)
            message(FATAL_ERROR "tests/without_tsan.txt: no test is meant by: ${line}")
        endif()
    endforeach()
endfunction()

# Sets <result> to TRUE if a test with these labels belongs in this build.
function(tidemark_test_is_wanted result)
    set(wanted TRUE)
    if(TIDEMARK_TEST_PRESET STREQUAL "tsan" AND NOT "tsan" IN_LIST ARGN)
        set(wanted FALSE)
    elseif(TIDEMARK_TEST_PRESET STREQUAL "asan" AND "no-asan" IN_LIST ARGN)
        set(wanted FALSE)
    endif()
    set(${result} ${wanted} PARENT_SCOPE)
endfunction()

# What both kinds of test have in common. Reads TEST_* of its caller.
macro(tidemark_set_test_properties name)
    if(NOT TEST_TIMEOUT)
        set(TEST_TIMEOUT 120)
    endif()
    math(EXPR timeout "${TEST_TIMEOUT} * ${TIDEMARK_TIMEOUT_FACTOR}")
    set_tests_properties(
        ${name}
        PROPERTIES
            TIMEOUT ${timeout}
            LABELS "${TEST_LABELS}"
            RUN_SERIAL ${TEST_SERIAL}
            SKIP_RETURN_CODE 77
            ENVIRONMENT
            "TIDEMARK_BIN_DIR=${CMAKE_BINARY_DIR}/bin;TIDEMARK_LIB_DIR=${CMAKE_BINARY_DIR}/lib;TIDEMARK_SOURCE_DIR=${PROJECT_SOURCE_DIR};TIDEMARK_BUILD_PRESET=${TIDEMARK_TEST_PRESET};TIDEMARK_TEST_NAME=${name};ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1;UBSAN_OPTIONS=print_stacktrace=1;TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=${PROJECT_SOURCE_DIR}/tests/tsan_suppressions.txt;${TEST_ENVIRONMENT}"
    )
endmacro()

function(tidemark_test name)
    cmake_parse_arguments(PARSE_ARGV 1 TEST "OWN_MAIN;SERIAL" "TIMEOUT" "SOURCES;LIBS;LABELS;DEPENDS;ENVIRONMENT")
    if(TEST_UNPARSED_ARGUMENTS OR NOT TEST_SOURCES)
        message(FATAL_ERROR "tidemark_test(${name}): needs SOURCES; not understood: ${TEST_UNPARSED_ARGUMENTS}")
    endif()
    add_executable(${name} ${TEST_SOURCES})
    if(NOT TEST_OWN_MAIN)
        target_sources(${name} PRIVATE $<TARGET_OBJECTS:tidemark_doctest_main>)
    endif()
    target_link_libraries(${name} PRIVATE ${TEST_LIBS} tidemark_warnings tidemark_sanitize Threads::Threads)
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/tests)
    if(TEST_DEPENDS)
        add_dependencies(${name} ${TEST_DEPENDS})
    endif()
    tidemark_check_tsan_reason(${name} ${TEST_LABELS})
    tidemark_test_is_wanted(wanted ${TEST_LABELS})
    if(NOT wanted)
        set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL TRUE)
        return()
    endif()
    add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
    tidemark_set_test_properties(${name})
endfunction()

function(tidemark_script_test name)
    cmake_parse_arguments(PARSE_ARGV 1 TEST "SERIAL" "TIMEOUT" "COMMAND;LABELS;ENVIRONMENT")
    if(TEST_UNPARSED_ARGUMENTS OR NOT TEST_COMMAND)
        message(FATAL_ERROR "tidemark_script_test(${name}): needs COMMAND; not understood: ${TEST_UNPARSED_ARGUMENTS}")
    endif()
    tidemark_check_tsan_reason(${name} ${TEST_LABELS})
    tidemark_test_is_wanted(wanted ${TEST_LABELS})
    if(NOT wanted)
        return()
    endif()
    if("${TEST_COMMAND}" MATCHES "^python3(;|$)")
        if(NOT TIDEMARK_PYTHON)
            message(FATAL_ERROR "tidemark_script_test(${name}): /usr/bin/python3 is missing; ./dev deps installs it")
        endif()
        list(POP_FRONT TEST_COMMAND)
        list(PREPEND TEST_COMMAND ${TIDEMARK_PYTHON})
    endif()
    add_test(NAME ${name} COMMAND ${TEST_COMMAND} WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
    tidemark_set_test_properties(${name})
endfunction()
