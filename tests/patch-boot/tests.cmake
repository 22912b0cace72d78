ntferry_test(patch-boot LINK ntferry_check ntferry_patch LABELS slow TIMEOUT 900)
target_sources(test-patch-boot PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/patch/scenario.cpp)
