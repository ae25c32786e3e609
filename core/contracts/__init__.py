"""Define the messages that cross a process or package boundary: frozen, strict, documented."""
