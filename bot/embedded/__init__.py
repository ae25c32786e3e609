"""Run all of Easel on one machine: Redis, screening, worker and web app as supervised children."""
