ntferry_test(migrate LINK ntferry_migrate LABELS slow TIMEOUT 600)
# By the programs as they are shipped: from a SCSI server's disk to a machine that runs and finds nothing wrong with itself.
set(end_to_end ${CMAKE_CURRENT_SOURCE_DIR}/migrate/end-to-end)
add_test(NAME "migrate: a SCSI server becomes a running machine" COMMAND ${end_to_end} qemu ${CMAKE_BINARY_DIR})
set_tests_properties("migrate: a SCSI server becomes a running machine"
  PROPERTIES LABELS slow TIMEOUT 1200 SKIP_REGULAR_EXPRESSION "SKIP:")
add_test(NAME "rig: the bundle for verify and launch" COMMAND ${end_to_end} prepare ${CMAKE_BINARY_DIR})
set_tests_properties("rig: the bundle for verify and launch" PROPERTIES LABELS slow TIMEOUT 300)
add_test(NAME "rig: verify and launch by our own machine" COMMAND ${end_to_end} rig ${CMAKE_BINARY_DIR})
set_tests_properties("rig: verify and launch by our own machine" PROPERTIES LABELS rig TIMEOUT 400)
add_test(NAME "migrate: interrupted in every phase it goes on"
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/migrate/interrupt $<TARGET_FILE:ntferry> ${CMAKE_BINARY_DIR})
set_tests_properties("migrate: interrupted in every phase it goes on"
  PROPERTIES LABELS slow TIMEOUT 600 SKIP_REGULAR_EXPRESSION "SKIP:")
