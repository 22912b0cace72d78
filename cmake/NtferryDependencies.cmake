# Libraries, all Debian 12 packages (scripts/packages).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(LibArchive REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json program_options)
find_package(fmt REQUIRED)
find_package(pugixml REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(PNG REQUIRED)
find_package(ZLIB REQUIRED)
find_package(SQLite3 REQUIRED)
pkg_check_modules(HIVEX REQUIRED IMPORTED_TARGET hivex)
pkg_check_modules(NTFS3G REQUIRED IMPORTED_TARGET libntfs-3g)
pkg_check_modules(MSPACK REQUIRED IMPORTED_TARGET libmspack)
pkg_check_modules(VHDI REQUIRED IMPORTED_TARGET libvhdi)
pkg_check_modules(NBD REQUIRED IMPORTED_TARGET libnbd)
pkg_check_modules(SLIRP REQUIRED IMPORTED_TARGET slirp)
pkg_check_modules(VNC REQUIRED IMPORTED_TARGET libvncserver)
# The wizard's terminal. Not newt: it cannot draw a picture with colours of its own, lays windows out once and so does not
# follow a window that is resized, and its screens could not be tested without a terminal.
pkg_check_modules(NCURSES REQUIRED IMPORTED_TARGET ncursesw)
# Its feature macros are what g++ and clang++ define for C++ anyway.
set_property(TARGET PkgConfig::NCURSES PROPERTY INTERFACE_COMPILE_OPTIONS "")
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)

# Libraries that are loaded when they are first needed (converter/base/shared_library.hpp): only their headers are used
# here, and the Debian package names them by hand (NtferryPackage.cmake).
foreach(library NBD VHDI SLIRP VNC PNG)
  string(TOLOWER ${library}_headers target)
  add_library(${target} INTERFACE)
  target_include_directories(${target} SYSTEM INTERFACE ${${library}_INCLUDE_DIRS})
  target_compile_options(${target} INTERFACE ${${library}_CFLAGS_OTHER})
endforeach()

# C++ libraries that programs carry in themselves: NAME has the headers of LIBRARY and the code of its archive. Looking up
# their symbols, thousands of them, was a third of a machine's start.
function(ntferry_archive name library archive)
  add_library(${name} INTERFACE)
  foreach(property INCLUDE_DIRECTORIES COMPILE_DEFINITIONS)
    set_property(TARGET ${name} PROPERTY INTERFACE_${property} $<TARGET_PROPERTY:${library},INTERFACE_${property}>)
  endforeach()
  target_link_libraries(${name} INTERFACE ${archive})
endfunction()
add_library(fmt_code STATIC ${CMAKE_SOURCE_DIR}/converter/base/fmt/library.cpp)
target_include_directories(fmt_code PRIVATE $<TARGET_PROPERTY:fmt::fmt,INTERFACE_INCLUDE_DIRECTORIES>)
ntferry_archive(fmt_archive fmt::fmt fmt_code)
foreach(part json program_options)
  find_library(NTFERRY_BOOST_${part} libboost_${part}.a REQUIRED)
  ntferry_archive(boost_${part}_archive Boost::${part} ${NTFERRY_BOOST_${part}})
endforeach()

# What nearly every source needs and no more: gcc loads the whole of it for each.
set(NTFERRY_COMMON_HEADERS <algorithm> <array> <chrono> <cstdint> <cstring> <filesystem> <functional> <map> <memory>
    <optional> <set> <span> <string> <string_view> <utility> <vector> <fmt/format.h>)
# The libraries with clang only: gcc 12 -O2 sees overruns inside std::string where there are none once its header comes
# precompiled (four sources).
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  ntferry_precompile(ntferry_precompiled HEADERS ${NTFERRY_COMMON_HEADERS} LINK fmt_archive boost_json_archive)
endif()
