"""Roistat for SugarCRM: the receiver."""
