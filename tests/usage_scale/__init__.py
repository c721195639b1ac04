"""How long usage takes on a year of many sessions."""
