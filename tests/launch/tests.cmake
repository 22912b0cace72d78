ntferry_test(launch LINK ntferry_migrate LABELS unit DEPENDS ntferry TIMEOUT 300)
target_compile_definitions(test-launch PRIVATE NTFERRY_PROGRAM="$<TARGET_FILE:ntferry>")
# Machines of one boot sector under QEMU: background process, restart, order, and a move over a real sshd on this machine.
foreach(case background restart order ssh)
  add_test(NAME "launch: driven: ${case}" COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/launch/drive ${case} $<TARGET_FILE:ntferry>)
  set_tests_properties("launch: driven: ${case}" PROPERTIES LABELS slow TIMEOUT 600 SKIP_REGULAR_EXPRESSION "SKIP:")
endforeach()
add_test(NAME "launch: machines as services of a systemd that runs"
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/launch/under-systemd $<TARGET_FILE:ntferry> ${CMAKE_BINARY_DIR})
set_tests_properties("launch: machines as services of a systemd that runs"
  PROPERTIES LABELS slow TIMEOUT 900 SKIP_REGULAR_EXPRESSION "SKIP:")
