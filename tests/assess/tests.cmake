ntferry_test(assess LINK ntferry_assess TIMEOUT 300)
