ntferry_test(machine LINK ntferry_vmm_machine LABELS slow TIMEOUT 300)

# A real kernel in our machine: the disk is made before the rig starts, the boot happens in it.
add_test(NAME "rig: the disk for the Linux boot" COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/machine/rig-linux prepare ${CMAKE_BINARY_DIR})
set_tests_properties("rig: the disk for the Linux boot" PROPERTIES LABELS slow TIMEOUT 300)
add_test(NAME "rig: Linux boots from a lookalike's VHD" COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/machine/rig-linux run ${CMAKE_BINARY_DIR})
set_tests_properties("rig: Linux boots from a lookalike's VHD" PROPERTIES LABELS rig TIMEOUT 420)
