"""Run the command line as a module: the stack's children start by `python -m bot.cli`."""

from bot.cli import main

main()
