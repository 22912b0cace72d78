ntferry_test(devices/net LINK ntferry_vmm_devices)
