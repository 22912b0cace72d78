ntferry_test(capture LINK ntferry_capture DEPENDS ntferry TIMEOUT 300)
