# How every target of the project is built: language level, warnings as errors, hardening.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(NTFERRY_WERROR "Warnings are errors" ON)
set(NTFERRY_SANITIZE "" CACHE STRING "Sanitizers for every target, e.g. address,undefined")

# Sloppiness: what ccache asks for where headers are precompiled; no source uses __TIME__. Depend mode: nothing is
# preprocessed a second time only to be looked up.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_DEPEND=1 ${CCACHE_PROGRAM})
endif()

add_library(ntferry_flags INTERFACE)
target_compile_options(ntferry_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow=local)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # gcc 12 sees overlapping copies inside std::string where there are none (GCC bug 105329).
  target_compile_options(ntferry_flags INTERFACE -Wno-restrict)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # clang has no -Wshadow=local; -Wsign-conversion is part of its -Wconversion, gcc's is not.
  target_compile_options(ntferry_flags INTERFACE -Wno-unknown-warning-option -Wno-sign-conversion)
endif()
# The fastest linker that is there, where what is built is not shipped: the sanitizers' builds and every test program.
find_program(NTFERRY_LLD ld.lld)
set(ntferry_fast_link "")
if(NTFERRY_LLD)
  set(ntferry_fast_link -fuse-ld=lld)
endif()
if(NTFERRY_SANITIZE)
  target_link_options(ntferry_flags INTERFACE ${ntferry_fast_link})
endif()
if(NTFERRY_WERROR)
  target_compile_options(ntferry_flags INTERFACE -Werror)
endif()
target_include_directories(ntferry_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(ntferry_flags INTERFACE _FILE_OFFSET_BITS=64)
if(NTFERRY_FUZZ)
  target_compile_options(ntferry_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(NTFERRY_SANITIZE)
  target_compile_options(ntferry_flags INTERFACE -fsanitize=${NTFERRY_SANITIZE} -fno-omit-frame-pointer
                                                 -fno-sanitize-recover=all)
  target_link_options(ntferry_flags INTERFACE -fsanitize=${NTFERRY_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Sanitizer instrumentation makes gcc 12 report paths that cannot be taken.
    target_compile_options(ntferry_flags INTERFACE -Wno-maybe-uninitialized -Wno-stringop-overflow
                                                   -Wno-array-bounds -Wno-null-dereference)
  endif()
else()
  target_compile_options(ntferry_flags INTERFACE -fstack-protector-strong)
  target_link_options(ntferry_flags INTERFACE -Wl,-z,relro,-z,now)
endif()

# Headers of other people's that most sources include, parsed once: ntferry_precompile(NAME HEADERS header... LINK lib...
# [OPTIONS option...]), then target_precompile_headers(TARGET REUSE_FROM NAME). Sources include what they use all the same:
# scripts/tidy and a build with CMAKE_DISABLE_PRECOMPILE_HEADERS=ON do without.
function(ntferry_precompile name)
  cmake_parse_arguments(ARG "" "" "HEADERS;LINK;OPTIONS" ${ARGN})
  file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp CONTENT "")
  add_library(${name} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
  target_link_libraries(${name} PRIVATE ntferry_flags ${ARG_LINK})
  target_compile_options(${name} PRIVATE ${ARG_OPTIONS})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # A time in the precompiled header would make every build another one for ccache.
    target_compile_options(${name} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
  target_precompile_headers(${name} PRIVATE ${ARG_HEADERS})
endfunction()

# ntferry_library(NAME [DIRS dir...] [LINK lib...]): a static library of every .cpp directly in DIRS (default: here).
# The sources are globbed so that a new chip or rule is one new file and nothing else.
function(ntferry_library name)
  cmake_parse_arguments(ARG "" "" "DIRS;LINK;PRIVATE" ${ARGN})
  if(NOT ARG_DIRS)
    set(ARG_DIRS .)
  endif()
  set(sources)
  foreach(dir IN LISTS ARG_DIRS)
    file(GLOB found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/*.cpp)
    list(APPEND sources ${found})
  endforeach()
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC ntferry_flags ${ARG_LINK} PRIVATE ${ARG_PRIVATE})
    if(TARGET ntferry_precompiled)
      target_precompile_headers(${name} REUSE_FROM ntferry_precompiled)
    endif()
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ntferry_flags ${ARG_LINK})
  endif()
endfunction()
