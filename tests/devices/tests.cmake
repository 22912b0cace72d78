ntferry_test(devices LINK ntferry_vmm_devices)
