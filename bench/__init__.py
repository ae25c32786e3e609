"""Measure what Easel promises; each module prints a table and writes build/bench/NAME.json."""
