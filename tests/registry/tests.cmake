ntferry_test(registry LINK ntferry_registry)
