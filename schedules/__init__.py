"""What is due, and when: no person, phone, table or request lives here.

`protocol` holds the shapes, `catalogue` reads the files in `protocols/`, `timeline` lays a protocol over a
calendar, `scheduler` is the only rim that touches a timer. The package imports nothing else of ours.
"""
