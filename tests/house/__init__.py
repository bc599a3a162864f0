"""Rules of the house that no single test file could hold: floors, documents, sizes, silence in the logs."""
