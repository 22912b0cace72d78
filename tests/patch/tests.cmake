ntferry_test(patch LINK ntferry_patch TIMEOUT 300)
