ntferry_test(machine LINK ntferry_vmm_machine LABELS slow TIMEOUT 300)
