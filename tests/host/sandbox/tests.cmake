ntferry_test(host/sandbox LINK ntferry_vmm_host PkgConfig::SECCOMP)
