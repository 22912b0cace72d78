ntferry_test(check LINK ntferry_check ntferry_patch TIMEOUT 300)
target_sources(test-check PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/patch/scenario.cpp)
