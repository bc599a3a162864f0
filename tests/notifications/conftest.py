"""Property tests here are repeatable, and a busy machine does not fail them for being slow."""

from hypothesis import settings

settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")
