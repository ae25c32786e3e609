"""Open a request as text to change it, and take it up again as any other request."""

from bot import grammar, permissions, wording
from bot.bootstrap import Services
from bot.permissions import Deed
from bot.replies import Form, Reply
from bot.usecases import effective, imagine, inputs
from bot.usecases.effective import Personal
from bot.usecases.presses import Press
from core.contracts.actors import Actor
from core.contracts.generation import GenerationSpec
from core.errors import UserError

TEXT = "text"
"""The one field of a form that holds a prompt and its flags."""


def remix(services: Services, actor: Actor, press: Press) -> Reply | Form:
    """Change a request: a form with its words and flags, then the gate as for any request.

    Raises:
        NotFound: `job_not_found`, also where the job is not this person's to see.
        UserError: what is wrong with the text.
    """
    permissions.require(actor, Deed.GO_ON)
    if press.fields is not None:
        return submit(services, actor, press, action="remix")
    return form(press, _asked(services, actor, press))


def form(press: Press, spec: GenerationSpec) -> Form:
    """Offer a request to be changed; the button that was pressed takes it up again.

    Raises:
        UserError: `prompt_forgotten`: there is nothing left to change.
    """
    inputs.require_words(spec)
    return wording.text_form(
        grammar.format(spec), action=press.action, job_id=press.job_id, picture=press.picture
    )


def submit(services: Services, actor: Actor, press: Press, *, action: str) -> Reply:
    """Take a changed request through the whole gate.

    Raises:
        UserError: what is wrong with the text.
    """
    spec = read_fields(services, actor, press)
    return imagine.admit(services, actor, spec, press.address, parent=press.job_id, action=action)


def read_fields(services: Services, actor: Actor, press: Press, flags: str = "") -> GenerationSpec:
    """Read the text of a form that was filled in.

    A member's settings were in force when it was first asked for; what a form says is all that
    counts now, so that taking a flag out is a change too. Their own styles they may name.

    Args:
        services: What every use case is handed.
        actor: Who filled it in.
        press: The button with the form's fields.
        flags: What the button says beside the text.

    Raises:
        UserError: what is wrong with the text, `prompt_empty` where there is none.
    """
    fields = press.fields or {}
    if TEXT not in fields:
        raise UserError("prompt_empty")
    with services.store.reading() as unit:
        personal = Personal(styles=effective.personal_of(unit, actor).styles)
    prompt_max = services.gates.of(
        actor.community_id, press.address.channel_id
    ).policy.max_prompt_chars
    text = f"{fields[TEXT]} {flags}"
    return imagine.read_request(services.catalog, text, prompt_max, personal)


def _asked(services: Services, actor: Actor, press: Press) -> GenerationSpec:
    """Find what was asked for: of one picture its own words and seed, else the whole."""
    with services.store.reading() as unit:
        if press.picture is not None:
            return inputs.origin_of(unit, actor, press).spec
        job = permissions.visible_job(unit, actor, press.job_id)
        permissions.require_place(job, press.address)
        if job.spec.upscale is not None:
            return inputs.origin_of(unit, actor, press).spec
    return job.spec.model_copy(update={"seed": job.seed})
