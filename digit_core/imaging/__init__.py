"""Image files to grey pages, and grey pages prepared for reading."""
