"""All that speaks to Roistat."""
