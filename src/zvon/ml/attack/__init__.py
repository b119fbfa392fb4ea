"""ATT&CK techniques in reports."""
