"""Real servers for tests, and scripted ones."""
