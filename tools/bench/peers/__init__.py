"""What a user would pick instead: each queue doing the same work, as its own documentation shows it.

These modules run in `.venv-bench`, without anything of ours: `texts` is the work, `on_*` one queue each.
"""
