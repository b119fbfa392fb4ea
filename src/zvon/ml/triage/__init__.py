"""How likely a group of alerts belongs to an attack; a term of the rank, never a decision."""
