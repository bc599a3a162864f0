"""The tools: what must hold of them whatever they measure or run."""
