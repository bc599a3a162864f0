"""What the Makefile runs: set-up, the foreground job, checks and measurements; never imported by the product."""
