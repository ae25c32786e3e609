"""Put the commands together, in the order in which `easel --help` lists them."""

import typer

from bot.cli import (
    audit,
    demo,
    hold,
    imagine,
    keys,
    label_check,
    lineage,
    moderation,
    mydata,
    policy,
    screen,
    selftest,
    serve,
    transparency,
    verify,
)

app = typer.Typer(
    help="Easel: /imagine on your own machines, behind a moderation layer you can read.",
    no_args_is_help=True,
    add_completion=False,
    # Joins the lines of a docstring to paragraphs.
    rich_markup_mode="markdown",
    # A traceback with local variables would print prompts and secrets.
    pretty_exceptions_enable=False,
)
app.command()(demo.demo)
app.command(context_settings=imagine.CONTEXT)(imagine.imagine)
app.command()(verify.verify)
app.command()(lineage.lineage)
app.command()(label_check.label_check)
app.add_typer(policy.app, name="policy")
app.add_typer(moderation.app, name="moderation")
app.add_typer(audit.app, name="audit")
app.add_typer(hold.app, name="hold")
app.add_typer(mydata.app, name="mydata")
app.add_typer(keys.app, name="keys")
app.command()(transparency.transparency)
app.command()(screen.screen)
app.command()(selftest.selftest)
app.command()(serve.web)
app.command()(serve.screening)
app.command()(serve.worker)
app.command()(serve.migrate)
