ntferry_test(wizard LINK ntferry_migrate LABELS unit)
# The program itself in tmux, from start to end. Each case of tests/wizard/drive is a test of its own.
foreach(case complete back resume network hangup interrupt trouble terminals not-a-terminal)
  add_test(NAME "wizard: driven in tmux: ${case}"
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/wizard/drive ${case} $<TARGET_FILE:ntferry> ${CMAKE_BINARY_DIR}/lookalike
            $<TARGET_FILE:lookalike-populate>)
  set_tests_properties("wizard: driven in tmux: ${case}"
    PROPERTIES LABELS slow TIMEOUT 600 SKIP_REGULAR_EXPRESSION "SKIP:")
endforeach()
