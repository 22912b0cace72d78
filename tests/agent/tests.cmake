# The guest agent on a machine that is known to be good: QEMU without KVM.
add_test(NAME "agent: every check passes on QEMU's PC"
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/agent/run-qemu ${CMAKE_BINARY_DIR}/agent)
set_tests_properties("agent: every check passes on QEMU's PC"
  PROPERTIES LABELS "slow;peer" TIMEOUT 400 PROCESSORS 2 SKIP_REGULAR_EXPRESSION "SKIP:")
