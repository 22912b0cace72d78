# The scripts in bad surroundings: one clear line and a non-zero exit.
add_test(NAME "scripts: bad surroundings get one clear line"
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/scripts/surroundings ${CMAKE_SOURCE_DIR})
set_tests_properties("scripts: bad surroundings get one clear line" PROPERTIES LABELS "unit;peer" TIMEOUT 120)
