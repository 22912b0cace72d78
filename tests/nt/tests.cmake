ntferry_test(nt LINK ntferry_nt TIMEOUT 300)
