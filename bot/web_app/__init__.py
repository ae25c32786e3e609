"""Serve the local chat: the same commands, cards and pictures as on any other platform."""
