ntferry_test(migrate LINK ntferry_migrate LABELS slow TIMEOUT 600)
