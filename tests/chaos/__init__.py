"""Workers killed in the middle, a provider that misbehaves, a database that restarts, a clock that jumps.

What is counted is counted at the provider's end, by the message id in the callback's address. The short form
is `test_chaos.py`; the long one is `make chaos` (`SEED=7 make chaos` repeats one).
"""
