"""The house: who, what happened, and what it means.

Owns the tables, the transactions and the entry points. Imports the two wings
(`schedules`, `notifications`); nothing imports the house.
"""
