"""How words travel, as a specification."""
