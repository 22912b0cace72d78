# libvncclient is of libvncserver-dev, too.
ntferry_test(host/control LINK ntferry_vmm_host ntferry_migrate vncclient DEPENDS ntferry-vmm ntferry)
