ntferry_test(base LINK ntferry_base ntferry_vmm_bus)
