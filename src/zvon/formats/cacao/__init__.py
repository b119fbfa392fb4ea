"""CACAO 2.0 playbooks (OASIS committee specification 01, 2023): reading, writing, conditions."""
