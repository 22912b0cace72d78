ntferry_test(patch LINK ntferry_patch)
