ntferry_test(machine LINK ntferry_vmm_machine DEPENDS ntferry-vmm LABELS slow TIMEOUT 300)

# Those of its cases that need paging skip above; here they run.
add_test(NAME "rig: boot loaders reach their screens" COMMAND test-machine "[loader]")
set_tests_properties("rig: boot loaders reach their screens" PROPERTIES LABELS rig TIMEOUT 120 FAIL_REGULAR_EXPRESSION "SKIP:")

# Also where the kernel's KVM is an older one, and interprets nothing.
add_test(NAME "rig: level interrupts end" COMMAND test-machine "[interrupts]")
set_tests_properties("rig: level interrupts end" PROPERTIES LABELS rig TIMEOUT 120 FAIL_REGULAR_EXPRESSION "SKIP:")

# A real cgroup v2 tree with controllers: the rig's kernel has one.
add_test(NAME "rig: a control group holds a busy process back" COMMAND test-machine "[cgroup]")
set_tests_properties("rig: a control group holds a busy process back" PROPERTIES LABELS rig TIMEOUT 120 FAIL_REGULAR_EXPRESSION "SKIP:")

# Real kernels in our machine: the disks are made before the rig starts, the boots happen in it.
set(rig_linux ${CMAKE_CURRENT_SOURCE_DIR}/machine/rig-linux)
function(ntferry_rig_linux name label seconds)
  add_test(NAME "rig: ${name}" COMMAND ${rig_linux} ${ARGN})
  set_tests_properties("rig: ${name}" PROPERTIES LABELS "${label}" TIMEOUT ${seconds})
endfunction()
ntferry_rig_linux("the disks for the Linux boots" "slow;peer" 600 prepare ${CMAKE_BINARY_DIR})
ntferry_rig_linux("Linux boots from lookalikes' VHDs" rig 520 boots ${CMAKE_BINARY_DIR})
# The long ones, for scripts/test --full: each takes minutes, so that a run of them can be cut off and go on.
ntferry_rig_linux("the disks for all Linux boots" rig-disks 1800 prepare ${CMAKE_BINARY_DIR} all)
execute_process(
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lookalike/make --list
  OUTPUT_VARIABLE lookalikes COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "\n[a-z0-9-]+ " lookalikes "\n${lookalikes}")
foreach(lookalike IN LISTS lookalikes)
  string(STRIP "${lookalike}" lookalike)
  if(NOT lookalike STREQUAL "dos") # has no loader
    ntferry_rig_linux("${lookalike} boots on one and on two processors" rig-long 660 boots ${CMAKE_BINARY_DIR} ${lookalike})
  endif()
endforeach()
ntferry_rig_linux("Linux that never halts boots on one processor of nt4-mps" rig-long 660 polling ${CMAKE_BINARY_DIR} 1)
ntferry_rig_linux("Linux that never halts boots on two processors of nt4-mps" rig-long 660 polling ${CMAKE_BINARY_DIR} 2)
foreach(half IN ITEMS first second)
  ntferry_rig_linux("twenty boots in a row: the ${half} ten" rig-long 660 repeat ${CMAKE_BINARY_DIR} 10)
endforeach()
foreach(round RANGE 1 3)
  ntferry_rig_linux("a killed machine loses nothing it had answered for: round ${round}" rig-long 660 kill
                    ${CMAKE_BINARY_DIR} ${round})
endforeach()
foreach(card IN ITEMS pcnet dec21140)
  foreach(way IN ITEMS down up)
    ntferry_rig_linux("${card}: DHCP, ping, 64 MiB by TCP ${way}" rig-long 660 traffic ${CMAKE_BINARY_DIR} ${card} ${way})
  endforeach()
endforeach()
ntferry_rig_linux("a running Linux is saved and goes on from the file" rig-long 660 resume ${CMAKE_BINARY_DIR})
ntferry_rig_linux("half an hour of disk, network, console and snapshots at once" rig-long 3000 long ${CMAKE_BINARY_DIR} 30)
