ntferry_test(patch-boot LINK ntferry_check ntferry_patch LABELS slow TIMEOUT 900)
target_sources(test-patch-boot PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/patch/scenario.cpp)

# Every lookalike that starts is patched and read from inside its guest, each in a boot of QEMU's: for scripts/test rig-long.
set(bootable scsi-ntfs ide-ntfs fat16-ntfs geo-240 compaq-eisa compaq-mp mps-mp dc-teaming tse dirty-hive alt-hive dirty-ntfs
  ft-mirror ft-stripe ft-parity ft-volume beyond-8g stale-data vendor-raid nt351 win2000)
list(JOIN bootable " " bootable_words)
target_compile_definitions(test-patch-boot PRIVATE NTFERRY_BOOTABLE_LOOKALIKES="${bootable_words}")
foreach(variant IN LISTS bootable)
  add_test(NAME "qemu: ${variant}, patched, is read from inside" COMMAND test-patch-boot "[.inside]" -c ${variant} -w NoAssertions)
  set_tests_properties("qemu: ${variant}, patched, is read from inside"
    PROPERTIES LABELS rig-qemu TIMEOUT 900 SKIP_REGULAR_EXPRESSION "SKIP:")
endforeach()
