# Builds the .deb of this very build, unpacks it and runs what is in it. Only where the build is as shipped.
if(NOT NTFERRY_SANITIZE)
  add_test(NAME "package: the .deb installs and runs"
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/package/check-deb ${CMAKE_BINARY_DIR})
  add_test(NAME "package: installation to a prefix runs"
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/package/check-prefix ${CMAKE_BINARY_DIR})
  set_tests_properties("package: the .deb installs and runs" "package: installation to a prefix runs"
    PROPERTIES LABELS slow TIMEOUT 180 SKIP_REGULAR_EXPRESSION "SKIP:")
endif()
