ntferry_test(host/disk LINK ntferry_vmm_host)
