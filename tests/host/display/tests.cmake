# libvncclient is of libvncserver-dev, too.
ntferry_test(host/display LINK ntferry_vmm_host vncclient)
