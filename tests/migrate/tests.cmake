ntferry_test(migrate LINK ntferry_migrate LABELS slow TIMEOUT 600)
# By the programs as they are shipped: from a SCSI server's disk to a machine that runs and finds nothing wrong with itself.
set(end_to_end ${CMAKE_CURRENT_SOURCE_DIR}/migrate/end-to-end)
add_test(NAME "migrate: a SCSI server becomes a running machine" COMMAND ${end_to_end} qemu ${CMAKE_BINARY_DIR})
set_tests_properties("migrate: a SCSI server becomes a running machine"
  PROPERTIES LABELS slow TIMEOUT 1200 SKIP_REGULAR_EXPRESSION "SKIP:")
add_test(NAME "rig: the bundle for verify and launch" COMMAND ${end_to_end} prepare ${CMAKE_BINARY_DIR})
set_tests_properties("rig: the bundle for verify and launch" PROPERTIES LABELS slow TIMEOUT 300)
add_test(NAME "rig: verify and launch by our own machine" COMMAND ${end_to_end} rig ${CMAKE_BINARY_DIR})
set_tests_properties("rig: verify and launch by our own machine" PROPERTIES LABELS rig TIMEOUT 200)
add_test(NAME "migrate: interrupted in every phase it goes on"
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/migrate/interrupt $<TARGET_FILE:ntferry> ${CMAKE_BINARY_DIR})
set_tests_properties("migrate: interrupted in every phase it goes on"
  PROPERTIES LABELS slow TIMEOUT 600 SKIP_REGULAR_EXPRESSION "SKIP:")
add_test(NAME "migrate: every command prints JSON"
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/migrate/every-json $<TARGET_FILE:ntferry> ${CMAKE_BINARY_DIR})
set_tests_properties("migrate: every command prints JSON"
  PROPERTIES LABELS slow TIMEOUT 900 SKIP_REGULAR_EXPRESSION "SKIP:")
# Every lookalike from disk to trial boot, by name: for scripts/test rig-long.
set(tried scsi-ntfs ide-ntfs fat16-ntfs geo-240 compaq-eisa compaq-mp mps-mp dc-teaming tse dirty-hive alt-hive dirty-ntfs
  ft-mirror ft-stripe ft-parity ft-volume beyond-8g stale-data vendor-raid nt351 win2000 dos)
list(JOIN tried " " tried_words)
target_compile_definitions(test-migrate PRIVATE NTFERRY_TRIED_LOOKALIKES="${tried_words}")
foreach(variant IN LISTS tried)
  add_test(NAME "qemu: ${variant}, converted, is tried" COMMAND test-migrate "[.trial]" -c ${variant} -w NoAssertions)
  set_tests_properties("qemu: ${variant}, converted, is tried"
    PROPERTIES LABELS rig-qemu TIMEOUT 900 SKIP_REGULAR_EXPRESSION "SKIP:")
endforeach()
