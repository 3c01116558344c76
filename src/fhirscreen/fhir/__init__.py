"""Reading R4 resources into what criteria need, and building the ones that we write."""
