"""The journal: what happened, once, for the audit, for other apps, and for whoever is told later."""
