"""Read models: the lists and pages people look at, as plain rows.

Selects of the models' columns, so that the wall between clinics applies, and a
fixed number of statements each. Nothing is changed here. Called by the API and the
dashboard; calls the models and, for titles, the protocol files.
"""
