# The one place for compiler and linker flags, and for the libraries we build on.

find_program(CCACHE ccache)
if(CCACHE)
  # What was compiled in one checkout serves every other: paths below it are relative for the cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=true ${CCACHE})
endif()
find_program(MOLD mold)
find_program(LLD ld.lld)

add_library(lab_settings INTERFACE)
target_include_directories(lab_settings INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(lab_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False positives of g++ 12 on std::string and std::variant at -O2; clang and the sanitizers watch the same ground.
  target_compile_options(lab_settings INTERFACE
    -Wno-restrict -Wno-maybe-uninitialized -Wno-missing-field-initializers)
else()
  target_compile_options(lab_settings INTERFACE -Wno-missing-field-initializers)
endif()
if(MOLD AND NOT LAB_FUZZ)
  target_link_options(lab_settings INTERFACE -fuse-ld=mold)
elseif(LLD)
  target_link_options(lab_settings INTERFACE -fuse-ld=lld)
endif()
if(LAB_SANITIZE)
  target_compile_options(lab_settings INTERFACE
    -fsanitize=${LAB_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(lab_settings INTERFACE -fsanitize=${LAB_SANITIZE})
endif()
if(LAB_FUZZ)
  target_compile_options(lab_settings INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(lab_settings INTERFACE -fstack-protector-strong -D_FORTIFY_SOURCE=2)
  target_link_options(lab_settings INTERFACE -Wl,-z,relro,-z,now)
endif()

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json program_options)
find_package(yaml-cpp REQUIRED)
find_package(GTest REQUIRED)
pkg_check_modules(LIBGIT2 REQUIRED IMPORTED_TARGET libgit2)

# A fleet is millions of small objects, made and dropped by several threads: a sixth of a cold plan's time is the
# allocator's. Sanitizers bring their own.
if(NOT LAB_SANITIZE AND NOT LAB_FUZZ)
  find_package(mimalloc 2.0 REQUIRED)
endif()
function(lab_allocator PROGRAM)
  if(TARGET mimalloc)
    # Nothing refers to it by name: it stands in the place of malloc and free.
    target_link_options(${PROGRAM} PRIVATE -Wl,--push-state,--no-as-needed $<TARGET_FILE:mimalloc> -Wl,--pop-state)
  endif()
endfunction()
