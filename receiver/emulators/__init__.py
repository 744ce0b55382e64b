"""Stand-ins for Roistat and the CRM, over real HTTP."""
