# Installation of documents and the Debian package. Programs and profiles are installed by their own rooms.
install(FILES README.md CHANGELOG.md ARCHITECTURE.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
if(EXISTS ${CMAKE_SOURCE_DIR}/docs)
  install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md")
endif()

# Man pages and completion come from the program's own table of commands.
set(NTFERRY_GENERATED ${CMAKE_BINARY_DIR}/generated)
if(NOT NTFERRY_SANITIZE)
  set(vmm_program)
  if(TARGET ntferry-vmm)
    set(vmm_program $<TARGET_FILE:ntferry-vmm>)
  endif()
  add_custom_command(
    OUTPUT ${NTFERRY_GENERATED}/stamp
    COMMAND ${CMAKE_SOURCE_DIR}/cmake/generate-manual $<TARGET_FILE:ntferry> ${NTFERRY_GENERATED} ${vmm_program}
    DEPENDS ntferry $<TARGET_NAME_IF_EXISTS:ntferry-vmm> ${CMAKE_SOURCE_DIR}/cmake/generate-manual
    VERBATIM)
  add_custom_target(manual ALL DEPENDS ${NTFERRY_GENERATED}/stamp)
  install(DIRECTORY ${NTFERRY_GENERATED}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
  install(FILES ${NTFERRY_GENERATED}/ntferry.bash-completion
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ntferry)
endif()

# A unit for machines that are started by the host, if the room migrate brings one.
file(GLOB NTFERRY_UNITS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/migrate/systemd/*.service)
if(NTFERRY_UNITS)
  install(FILES ${NTFERRY_UNITS} DESTINATION lib/systemd/system)
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME ntferry)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "NTFerry developers <ntferry@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_PACKAGE_DESCRIPTION "Captures the disks of Windows NT 4.0 servers, prepares them for a virtual machine
of the right age, and runs that machine on KVM with the devices NT knows.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Programs and libraries that are called or loaded by name; those that are linked are found by dpkg-shlibdeps.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "seabios, openssh-client, libnbd0, libslirp0, libvhdi1, libvncserver1, passwd")
# The user for machines of root's; it stays when the package goes, as files may belong to it.
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/cmake/debian/postinst)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "qemu-system-x86")
include(CPack)
