"""What `sugar-roistat` does, a file for each group of its commands."""
