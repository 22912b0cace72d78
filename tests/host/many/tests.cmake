ntferry_test(host/many LINK ntferry_vmm_host LABELS slow DEPENDS ntferry-vmm ntferry TIMEOUT 600)
