"""The benchmarks: what is fast, what it is held against, and both measured in one run.

`python -m tools.bench` (make bench) runs them; docs/benchmarks.md says what each one measures. Nothing
is imported here: the peers run from this package with an environment of their own.
"""
