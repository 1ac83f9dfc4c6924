"""What all tests share: real servers, and no clock on drawn examples (a busy machine is no defect)."""

from hypothesis import settings

pytest_plugins = ["servers", "postgres", "serving", "prefect_servers", "reviewing", "review_site"]

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
