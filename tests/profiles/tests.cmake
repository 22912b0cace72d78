ntferry_test(profiles LINK ntferry_profiles)
