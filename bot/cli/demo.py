"""`easel demo`: all of Easel on this machine, one picture through it, and the chat to go on."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.terminal import Terminal

if TYPE_CHECKING:
    from bot.embedded.stack import Stack


def demo(
    *,
    port: Annotated[
        int | None, typer.Option(help="Port of the chat; a free one if it is taken.", max=65535)
    ] = None,
    picture: Annotated[bool, typer.Option(help="Draw one picture first.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Start everything, draw one picture, serve the chat until Ctrl-C."""
    from bot.cli.join import start_line
    from bot.embedded.interrupts import interruptible
    from bot.embedded.stack import Stack
    from core.settings import CoreSettings
    from core.telemetry import configure_logging

    terminal = Terminal(as_json=as_json)
    with terminal.guarded(), interruptible() as interrupts:
        settings = CoreSettings()
        configure_logging(settings.model_copy(update={"log_level": "WARNING"}), "demo")
        stack = Stack({} if port is None else {"EASEL_WEB_PORT": str(port)}, settings.home)
        terminal.say(f"Starting Easel in {settings.home.resolve()}")
        stack.start(start_line(terminal))
        try:
            _present(stack, terminal, draws=picture)
            interrupts.wait()
        except KeyboardInterrupt:
            terminal.say("Ending …")
        finally:
            stack.stop()
        terminal.emit("stopped")


def _present(stack: "Stack", terminal: Terminal, *, draws: bool) -> None:
    """Show what stands: earlier jobs, a first picture, the addresses."""
    from bot import wording
    from bot.bootstrap import build_services
    from bot.cli.first_picture import draw_first_picture, show_first_picture
    from bot.embedded.stack import settings_from
    from bot.web_app.session import entry_link
    from core.contracts.actors import Role
    from core.errors import Unavailable
    from core.settings import WebSettings

    settings, web = settings_from(stack.env), WebSettings()
    with build_services(settings) as services:
        with services.store.reading() as unit:
            earlier = sum(unit.jobs.counts().values())
        terminal.emit("found", earlier_jobs=earlier)
        if earlier:
            terminal.say(f"Found {earlier} earlier job(s).")
        if draws:
            try:
                show_first_picture(draw_first_picture(services, web, terminal), settings, terminal)
            except Unavailable as error:  # The chat is worth serving without it.
                terminal.card(wording.error(error))
    url = stack.web_url or ""
    secret = settings.secret_key.get_secret_value()
    link = entry_link(url, secret, web.community)
    # Who tries Easel out wants to see all of the console, the policy too.
    console = entry_link(f"{url}/console", secret, web.community, Role.ADMIN)
    terminal.say(f"  Chat       {url}", "bold")
    terminal.say(f"  Moderator  {link}  (opens once, within 12 hours)")
    terminal.say(f"  Console    {console}  (as an admin; opens once, within 12 hours)")
    terminal.say("Ctrl-C ends everything.")
    terminal.emit("serving", url=url, moderator_url=link, console_url=console, pids=stack.pids())
