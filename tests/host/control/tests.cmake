ntferry_test(host/control LINK ntferry_vmm_host ntferry_migrate DEPENDS ntferry-vmm ntferry)
