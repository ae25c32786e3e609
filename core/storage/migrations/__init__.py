"""Bring a database to this version's tables, step by step."""
