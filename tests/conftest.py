pytest_plugins = ["servers", "postgres"]
