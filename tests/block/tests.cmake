ntferry_test(block LINK ntferry_block PkgConfig::VHDI)
