# The guest agent on a machine that is known to be good: QEMU without KVM.
add_test(NAME "agent: every check passes on QEMU's PC"
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/agent/run-qemu ${CMAKE_BINARY_DIR}/agent)
set_tests_properties("agent: every check passes on QEMU's PC"
  PROPERTIES LABELS slow TIMEOUT 400 PROCESSORS 2 SKIP_REGULAR_EXPRESSION "SKIP:")
if(NTFERRY_SANITIZE) # nothing of ours is instrumented in it: once is enough
  set_tests_properties("agent: every check passes on QEMU's PC" PROPERTIES DISABLED TRUE)
endif()
