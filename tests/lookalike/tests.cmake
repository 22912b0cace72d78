# The libntfs-3g helper of the generator, built without the project's flags: it is an independent tool.
add_executable(lookalike-populate ${CMAKE_CURRENT_SOURCE_DIR}/lookalike/populate.cpp)
target_link_libraries(lookalike-populate PRIVATE PkgConfig::NTFS3G)
target_compile_definitions(lookalike-populate PRIVATE _FILE_OFFSET_BITS=64)

# Every test program may ask for a disk (tests/support/lookalike.hpp).
add_dependencies(ntferry_test_support lookalike-populate)
target_compile_definitions(ntferry_test_support PRIVATE
  NTFERRY_LOOKALIKE_POPULATE="$<TARGET_FILE:lookalike-populate>")
target_link_libraries(ntferry_test_support PUBLIC boost_json_archive)

# populate.cpp is a program of its own, so the sources of this one are named.
add_executable(test-lookalike
  ${CMAKE_CURRENT_SOURCE_DIR}/lookalike/lookalike_test.cpp ${CMAKE_CURRENT_SOURCE_DIR}/lookalike/boot_test.cpp)
target_link_libraries(test-lookalike PRIVATE ntferry_test_support)
catch_discover_tests(test-lookalike DISCOVERY_MODE PRE_TEST TEST_PREFIX "lookalike: "
  PROPERTIES TIMEOUT 900 LABELS "slow;peer" SKIP_REGULAR_EXPRESSION "SKIP:")
