"""The demo: a clinic whose history the product itself has made."""
