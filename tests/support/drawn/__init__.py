"""Drawn pages, forms, tables and scans."""
