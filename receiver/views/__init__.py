"""Web views: they verify, parse and hand over."""
