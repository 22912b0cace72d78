ntferry_test(host/net LINK ntferry_vmm_host)
