"""From the data of a file to a scenario; what is wrong goes into the diagnostics."""
