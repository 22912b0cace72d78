ntferry_test(migrate LINK ntferry_migrate)
