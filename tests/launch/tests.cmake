ntferry_test(launch LINK ntferry_migrate LABELS unit DEPENDS ntferry TIMEOUT 300)
target_compile_definitions(test-launch PRIVATE NTFERRY_PROGRAM="$<TARGET_FILE:ntferry>")
