ntferry_test(host/control LINK ntferry_vmm_host DEPENDS ntferry-vmm ntferry)
