"""`make bench`: how fast, how fresh, how small, each beside what it is measured by."""
