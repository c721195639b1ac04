"""The two dialects of the HTTP API, and what every view stands on."""
