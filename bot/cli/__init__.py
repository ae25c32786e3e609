"""Offer Easel on the command line: `easel`, one module for each family of commands.

Nothing heavy is imported before a command runs, so that `easel --help` answers at once.
"""


def main() -> None:
    """Run the command line."""
    from bot.cli.app import app

    app(prog_name="easel")
