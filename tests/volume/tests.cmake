ntferry_test(volume LINK ntferry_volume)
