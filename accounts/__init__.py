"""Users, organizations, memberships and log-ins."""
