# lab_room(NAME SOURCES ... [TESTS ...] [DEPS room ...] [LIBS library ...])
#
# Declares one room of the house: the static library lab_NAME of the folder it is called in, and, where TESTS are
# given, the executable lab_NAME_test registered with CTest. DEPS are other rooms (they must lie within the room's row
# of tests/lint/layers.toml), LIBS are third-party libraries that stay private to the room's .cpp files.
function(lab_room NAME)
  cmake_parse_arguments(ROOM "" "" "SOURCES;TESTS;TEST_DEPS;DEPS;LIBS" ${ARGN})
  add_library(lab_${NAME} STATIC ${ROOM_SOURCES})
  list(TRANSFORM ROOM_DEPS PREPEND lab_)
  target_link_libraries(lab_${NAME} PUBLIC lab_settings fmt::fmt ${ROOM_DEPS} PRIVATE ${ROOM_LIBS})
  if(ROOM_TESTS)
    list(TRANSFORM ROOM_TESTS PREPEND ${CMAKE_SOURCE_DIR}/tests/unit/${NAME}/)
    list(TRANSFORM ROOM_TEST_DEPS PREPEND lab_)
    add_executable(lab_${NAME}_test ${ROOM_TESTS})
    target_link_libraries(lab_${NAME}_test PRIVATE lab_${NAME} ${ROOM_TEST_DEPS} GTest::gtest_main GTest::gtest)
    # Relative to where tests run, so that a compiler cache serves every checkout.
    file(RELATIVE_PATH testdata ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR}/tests/unit/${NAME}/testdata)
    target_compile_definitions(lab_${NAME}_test PRIVATE LAB_TESTDATA="${testdata}")
    set_target_properties(lab_${NAME}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_test(NAME unit.${NAME} COMMAND lab_${NAME}_test WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
    set_tests_properties(unit.${NAME} PROPERTIES LABELS unit)
  endif()
endfunction()

# lab_fuzz(NAME SOURCE DEPS room ...): a fuzz target over tests/fuzz/corpus/NAME, which any build replays as an ordinary
# test. With clang and LAB_FUZZ it is a libFuzzer program.
function(lab_fuzz NAME)
  cmake_parse_arguments(FUZZ "" "SOURCE" "DEPS" ${ARGN})
  list(TRANSFORM FUZZ_DEPS PREPEND lab_)
  add_executable(fuzz_${NAME} ${FUZZ_SOURCE})
  target_link_libraries(fuzz_${NAME} PRIVATE lab_settings ${FUZZ_DEPS})
  set_target_properties(fuzz_${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  set(corpus ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${NAME})
  if(LAB_FUZZ)
    target_link_options(fuzz_${NAME} PRIVATE -fsanitize=fuzzer)
    add_test(NAME fuzz.${NAME} COMMAND fuzz_${NAME} -runs=0 -close_fd_mask=1 ${corpus})
  else()
    target_sources(fuzz_${NAME} PRIVATE ${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.cpp)
    add_test(NAME fuzz.${NAME} COMMAND fuzz_${NAME} ${corpus})
  endif()
  set_tests_properties(fuzz.${NAME} PROPERTIES LABELS fuzz)
endfunction()
