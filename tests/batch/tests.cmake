ntferry_test(batch LINK ntferry_migrate LABELS unit DEPENDS ntferry TIMEOUT 300)
target_compile_definitions(test-batch PRIVATE NTFERRY_PROGRAM="$<TARGET_FILE:ntferry>")
# A real Slurm (munged, slurmctld, slurmd) on this machine alone, in a private folder.
add_test(NAME "batch: a fleet through Slurm"
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/batch/slurm $<TARGET_FILE:ntferry>)
set_tests_properties("batch: a fleet through Slurm"
  PROPERTIES LABELS slow TIMEOUT 300 RUN_SERIAL TRUE SKIP_REGULAR_EXPRESSION "SKIP:")
add_test(NAME "batch: real conversions killed twenty times are complete"
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/batch/kill $<TARGET_FILE:ntferry> ${CMAKE_BINARY_DIR})
set_tests_properties("batch: real conversions killed twenty times are complete" PROPERTIES LABELS slow TIMEOUT 600)
