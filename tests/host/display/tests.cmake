ntferry_test(host/display LINK ntferry_vmm_host)
