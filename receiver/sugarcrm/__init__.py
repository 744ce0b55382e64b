"""All that speaks to the CRM."""
