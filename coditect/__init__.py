"""The composition root: settings, URLs, and what every app stands on."""
