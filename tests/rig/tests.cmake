# The rig's own proof: where tests with the label rig run, a paged 32-bit guest runs.
add_executable(kvm-probe ${CMAKE_CURRENT_SOURCE_DIR}/rig/kvm_probe.cpp)
target_link_libraries(kvm-probe PRIVATE ntferry_flags)
add_test(NAME "rig: a paged 32-bit guest runs" COMMAND kvm-probe)
set_tests_properties("rig: a paged 32-bit guest runs" PROPERTIES LABELS rig TIMEOUT 60)
