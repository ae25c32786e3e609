"""Speak with Discord; the one package that imports discord.py."""
