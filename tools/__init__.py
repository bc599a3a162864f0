"""What the Makefile runs: set-up, the foreground job, checks, benchmarks. The product imports none of it."""
