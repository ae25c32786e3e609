"""One gate for every entrance: a refused word comes in nowhere, typed, kept or drawn before."""

import ast
import io
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from bot.bootstrap import Services
from bot.replies import Action, ReplyKind
from bot.usecases import actions, commands, uploads
from core.contracts.actors import Actor, ReplyAddress
from core.contracts.generation import GenerationSpec
from core.contracts.ids import JobId
from core.contracts.personal import MemberSettings, UploadKind
from core.contracts.verdicts import Decision
from core.errors import UserError
from core.workflow import JobState
from moderation.engine import Gate
from moderation.policy import PatternRule
from tests.bot.road import publish

WORD = "zzqx"
"""Harmless when things were kept and drawn, refused when they are used again."""

ROOT = Path(__file__).resolve().parents[3]


@dataclass
class Place:
    """A member with things kept and drawn, and the services that refuse the word since."""

    before: Services
    now: Services
    actor: Actor
    address: ReplyAddress

    def say(self, text):
        return commands.run(self.now, self.actor, text, self.address)

    def drawn(self, text):
        """Ask for pictures before the word was refused, and have them drawn."""
        reply = commands.run(self.before, self.actor, f"/imagine {text}", self.address)
        publish(self.before, reply.job_id)
        return reply.job_id

    def press(self, action, job_id, picture=0, **fields):
        return actions.press(
            self.now,
            self.actor,
            action,
            job_id,
            self.address,
            picture=picture,
            fields=fields or None,
        )

    def keep(self, text):
        return commands.run(self.before, self.actor, text, self.address)

    def bring(self, services, name, kind=UploadKind.PICTURE):
        return uploads.store(services, self.actor, _png(kind), file_name=name, kind=kind).upload_id

    def switch_remix_on(self):
        with self.before.store.unit() as unit:
            unit.settings.set(
                self.actor.community_id,
                self.actor.member_id,
                MemberSettings(is_remix=True),
                now=self.before.clock(),
            )

    def jobs(self):
        with self.before.store.reading() as unit:
            return {job.job_id: job for job in unit.jobs.recent(self.actor.community_id, limit=50)}


def _png(kind):
    image = Image.new("L" if kind is UploadKind.MASK else "RGB", (64, 64))
    if kind is UploadKind.MASK:
        ImageDraw.Draw(image).rectangle((0, 0, 20, 20), 255)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def place(services, ada, address):
    rule = PatternRule(
        id="own.word",
        kind="pattern",
        category="evasion_signal",
        decision=Decision.BLOCK,
        pattern=rf"\b{WORD}\b",
        in_negatives=True,
    )
    policy = services.gate.policy
    strict = policy.model_copy(update={"rules": (*policy.rules, rule)})
    return Place(services, replace(services, gate=Gate(strict)), ada, address)


def rewritten(place):
    """Have a refused request with a rewrite of it."""
    refused = place.keep("/imagine easel-known-positive-7q2k9x4m").job_id
    with place.before.store.unit() as unit:
        unit.rewrites.add(refused, GenerationSpec(prompt=f"a {WORD}"), now=place.before.clock())
    return refused


def with_suffix(place):
    place.keep(f"/settings suffix {WORD}")
    return place.say("/imagine a cat")


def with_own_style(place):
    place.keep(f"/style save mine {WORD}")
    return place.say("/imagine a cat --style mine")


def with_style_in_force(place):
    place.keep(f"/style save mine {WORD}")
    place.keep("/style use mine")
    return place.say("/imagine a cat")


def with_kept_picture(place):
    upload_id = place.bring(place.before, f"{WORD}.png")
    return place.say(f"/imagine a cat --image {upload_id}")


def with_kept_mask(place):
    job_id = place.drawn("a cat")
    mask = place.bring(place.before, f"{WORD}.png", UploadKind.MASK)
    return place.press(Action.VARY_REGION, job_id, mask=mask, text="a cat")


def in_region(place):
    job_id = place.drawn("a cat")
    mask = place.bring(place.before, "m.png", UploadKind.MASK)
    return place.press(Action.VARY_REGION, job_id, mask=mask, text=f"a {WORD}")


def in_vary_form(place):
    job_id = place.drawn("a cat")
    place.switch_remix_on()
    return place.press(Action.VARY_STRONG, job_id, text=f"a {WORD}")


def by_yes(place):
    """Say yes to a price that was told before the word was refused."""
    settings = place.before.settings.model_copy(update={"confirm_gpu_s": 0.001})
    asking = replace(place.before, settings=settings)
    place.drawn("a cat")
    reply = commands.run(asking, place.actor, f"/imagine a {WORD} --n 4", place.address)
    draft = next(each.draft for each in reply.buttons if each.action is Action.CONFIRM)
    return actions.press(
        place.now, place.actor, Action.CONFIRM, JobId(""), place.address, draft=draft
    )


ENTRANCES = {
    "prompt": lambda place: place.say(f"/imagine a {WORD}"),
    "disguised": lambda place: place.say("/imagine a z.z.q.x"),
    "negative": lambda place: place.say(f"/imagine a cat --no {WORD}"),
    "choice": lambda place: place.say(f"/imagine a {{cat,{WORD}}}"),
    "choice that only makes it": lambda place: place.say("/imagine a {zz,cc}qx"),
    "weighted part": lambda place: place.say(f"/imagine a cat::2 {WORD}::1"),
    "part against": lambda place: place.say(f"/imagine a cat::2 {WORD}::-0.5"),
    "quoted words": lambda place: place.say(f'/imagine a cat "--{WORD}"'),
    "suffix kept before": with_suffix,
    "own style kept before": with_own_style,
    "own style in force": with_style_in_force,
    "suffix": lambda place: place.say(f"/settings suffix {WORD}"),
    "own style": lambda place: place.say(f"/style save mine {WORD}"),
    "remix form": lambda place: place.press(
        Action.REMIX, place.drawn("a cat"), None, text=f"a {WORD}"
    ),
    "rewrite form": lambda place: place.press(
        Action.REWRITE, rewritten(place), None, text=f"a {WORD}"
    ),
    "vary form": in_vary_form,
    "again form": lambda place: place.press(
        Action.REROLL, place.drawn("a cat"), None, text=f"a {WORD}"
    ),
    "region form": in_region,
    "again": lambda place: place.press(Action.REROLL, place.drawn(f"a {WORD}"), None),
    "vary": lambda place: place.press(Action.VARY_SUBTLE, place.drawn(f"a {WORD}")),
    "upscale": lambda place: place.press(Action.UPSCALE, place.drawn(f"a {WORD}")),
    "rerun button": lambda place: place.press(Action.RERUN, place.drawn(f"a {WORD}"), None),
    "rerun command": lambda place: place.say(f"/rerun {place.drawn(f'a {WORD}')} 1"),
    "yes to a price": by_yes,
    "name of a kept picture": with_kept_picture,
    "name of a kept mask": with_kept_mask,
}


@pytest.mark.parametrize("entrance", ENTRANCES.values(), ids=ENTRANCES)
def test_a_refused_word_comes_in_nowhere(place, entrance):
    reply = entrance(place)

    new = [job for job in place.jobs().values() if job.state is not JobState.DELIVERED]
    assert reply.kind is ReplyKind.REFUSAL
    assert {job.state for job in new} <= {JobState.BLOCKED, JobState.PUBLISHED}


def test_the_name_of_a_file_is_refused_when_it_is_brought(place):
    with pytest.raises(UserError, match="upload_name_refused"):
        place.bring(place.now, f"my {WORD}.png")


def test_what_a_form_is_filled_with_is_no_request(place):
    """A remix opens with the words; nothing is drawn of it before they are submitted."""
    job_id = place.drawn(f"a {WORD}")
    before = place.jobs()

    place.press(Action.REMIX, job_id, None)

    assert place.jobs() == before


def test_jobs_begin_in_one_place_only():
    """Behind the gate, in `imagine._record`: a second road would go round it."""
    places = set()
    for path in (ROOT / name for name in ("bot", "worker", "moderation", "core")):
        for file in path.rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if _begins_a_job(node):
                    places.add(file.relative_to(ROOT).as_posix())

    assert places == {"bot/usecases/imagine.py"}


def _begins_a_job(node):
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"begin", "add"}
        and isinstance(node.func.value, ast.Attribute)
        and node.func.value.attr == "jobs"
    )
