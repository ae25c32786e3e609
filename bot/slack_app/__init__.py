"""Speak with Slack; the one package that imports Slack's libraries."""
