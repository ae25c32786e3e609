"""A manifest tells how its file came about, names other pictures by reference, and holds."""

import io

import pytest
from PIL import Image

from core.contracts.ids import VerifyId
from core.contracts.provenance import DigitalSourceType, GenerationMode, Ingredient, Relation
from core.contracts.registry import MarkFacts, MarkState, RecordKind
from core.provenance import native
from core.provenance.manifest import SOFT_BINDING, TRAINING_MINING, algorithm_of, manifest_of
from core.provenance.read import read

OURS = VerifyId("fedcba9876543210")
DRAWN = DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA
EDITED = DigitalSourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA
MARKED = MarkFacts(
    state=MarkState.MARKED,
    backend="easel.ss64",
    mark_id=VerifyId("0123456789abcdef"),
    key_version=1,
)


def _ingredient(relation, *, is_ours=True) -> Ingredient:
    return Ingredient(
        relation=relation,
        verify_id=OURS if is_ours else None,
        sha256="cd" * 32 if is_ours else "",
    )


def _signed(keys, facts, *arguments, **options) -> bytes:
    plain = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(plain, "PNG")
    manifest = manifest_of(facts, *arguments, **options)
    return native.sign(plain.getvalue(), "image/png", manifest, keys).data


def _claim(keys, data) -> native.Claim:
    claim = native.read_claim(data, "image/png", keys.anchors.pem)
    assert (claim.state, claim.failures) == (native.TRUSTED, ())
    return claim


def _actions(claim) -> list[str]:
    return [each["action"] for each in claim.assertion("c2pa.actions.v2")["actions"]]


CASES = [
    pytest.param("TEXT2IMAGE", DRAWN, [], RecordKind.PICTURE, ["c2pa.created"], id="text2image"),
    pytest.param(
        "IMAGE2IMAGE",
        DRAWN,
        [_ingredient(Relation.INPUT_TO, is_ours=False)],
        RecordKind.PICTURE,
        ["c2pa.created"],
        id="image2image-of-a-members",
    ),
    pytest.param(
        "INPAINT",
        EDITED,
        [_ingredient(Relation.PARENT_OF, is_ours=False)],
        RecordKind.PICTURE,
        ["c2pa.opened", "c2pa.edited"],
        id="inpaint-of-a-members",
    ),
    pytest.param(
        "UPSCALE",
        DRAWN,
        [_ingredient(Relation.PARENT_OF)],
        RecordKind.PICTURE,
        ["c2pa.opened", "c2pa.edited"],
        id="upscale-of-ours",
    ),
    pytest.param(
        "VARIATION",
        DRAWN,
        [_ingredient(Relation.PARENT_OF)],
        RecordKind.PICTURE,
        ["c2pa.opened", "c2pa.edited"],
        id="variation-of-ours",
    ),
    pytest.param(
        "TEXT2IMAGE",
        DRAWN,
        [_ingredient(Relation.COMPONENT_OF) for _ in range(4)],
        RecordKind.GRID,
        ["c2pa.created", "c2pa.placed"],
        id="grid",
    ),
    pytest.param(
        "TEXT2IMAGE",
        DRAWN,
        [_ingredient(Relation.PARENT_OF)],
        RecordKind.COPY,
        ["c2pa.opened", "c2pa.transcoded"],
        id="copy",
    ),
]


@pytest.mark.parametrize(("mode", "source_type", "ingredients", "kind", "actions"), CASES)
def test_every_way_to_come_about_is_told_and_trusted(
    keys, facts, mode, source_type, ingredients, kind, actions
):
    """The first action opens or creates, ingredients are linked, and the source type is said."""
    changes = {
        "mode": GenerationMode[mode],
        "source_type": source_type,
        "ingredients": tuple(ingredients),
    }

    data = _signed(keys, facts.model_copy(update=changes), None, kind)
    claim, report = _claim(keys, data), read(data, anchors=keys)

    assert _actions(claim) == actions
    assert [each["relationship"] for each in claim.manifest.get("ingredients", ())] == [
        each.relation for each in ingredients
    ]
    linked = [
        each
        for action in claim.assertion("c2pa.actions.v2")["actions"]
        for each in action.get("parameters", {}).get("ingredients", ())
    ]
    assert len({each["url"] for each in linked}) == len(ingredients)
    assert report.digital_source_type == source_type
    assert (report.mode, report.source_type) == (changes["mode"], source_type)
    assert report.ingredients == tuple(ingredients)


def test_our_own_picture_is_named_by_id_and_hash_alone(keys, facts):
    """No thumbnail and no file name; a whole grid of four stays under 6 KB."""
    parts = tuple(_ingredient(Relation.COMPONENT_OF) for _ in range(4))

    data = _signed(keys, facts.model_copy(update={"ingredients": parts}), MARKED, RecordKind.GRID)

    assert b"c2pa.thumbnail" not in data
    assert b"thumbnail" not in data
    assert data.count(OURS.encode()) >= 4
    assert len(data) <= 6 * 1024


def test_a_members_picture_leaves_nothing_by_which_it_could_be_found(keys, facts):
    """That there was one, and no more: its hash would find it among others' copies."""
    part = _ingredient(Relation.INPUT_TO, is_ours=False)

    claim = _claim(keys, _signed(keys, facts.model_copy(update={"ingredients": (part,)})))
    (told,) = claim.manifest["ingredients"]

    assert set(told) <= {"relationship", "label", "instance_id"}
    assert claim.assertion("internal.easel.generation")["ingredients"] == [{"relation": "inputTo"}]


@pytest.mark.parametrize("state", [MarkState.MARKED, MarkState.WEAK])
def test_id_in_the_pixels_is_bound_as_text(keys, facts, state):
    """`watermarked.bound` is a failure without a soft binding, whose value is hexadecimal text."""
    mark = MARKED.model_copy(update={"state": state})

    claim = _claim(keys, _signed(keys, facts, mark))

    assert _actions(claim) == ["c2pa.created", "c2pa.watermarked.bound"]
    assert claim.assertion(SOFT_BINDING) == {
        "alg": "internal.easel.ss64",
        "blocks": [{"scope": {}, "value": "0123456789abcdef"}],
    }


@pytest.mark.parametrize("state", [MarkState.OFF, MarkState.TOO_SMALL, MarkState.FAILED])
def test_no_mark_is_claimed_where_there_is_none(keys, facts, state):
    claim = _claim(keys, _signed(keys, facts, MarkFacts(state=state)))

    assert _actions(claim) == ["c2pa.created"]
    assert claim.assertion(SOFT_BINDING) is None


def test_copy_binds_its_originals_id_but_was_not_marked_anew(keys, facts):
    copy = facts.model_copy(update={"ingredients": (_ingredient(Relation.PARENT_OF),)})

    claim = _claim(keys, _signed(keys, copy, MARKED, RecordKind.COPY))

    assert "c2pa.watermarked.bound" not in _actions(claim)
    assert claim.assertion(SOFT_BINDING)["blocks"][0]["value"] == MARKED.mark_id


def test_mining_is_forbidden_only_where_the_operator_says_so(keys, facts):
    silent = _claim(keys, _signed(keys, facts))
    told = _claim(keys, _signed(keys, facts, forbids_mining=True))

    assert silent.assertion(TRAINING_MINING) is None
    entries = told.assertion(TRAINING_MINING)["entries"]
    assert {each["use"] for each in entries.values()} == {"notAllowed"}
    assert {
        "cawg.ai_training",
        "cawg.ai_generative_training",
        "cawg.ai_inference",
        "cawg.data_mining",
    } == set(entries)


@pytest.mark.parametrize(
    ("backend", "name"),
    [("easel.ss64", "internal.easel.ss64"), ("trustmark", "internal.easel.trustmark")],
)
def test_method_is_named_under_our_own_namespace(backend, name):
    assert algorithm_of(backend) == name


def test_signing_once_more_forgets_what_was_signed_before(keys, facts):
    """Why a copy names its original: the library drops the first manifest without a word."""
    first = _signed(keys, facts)
    other = facts.model_copy(update={"verify_id": OURS})

    again = native.sign(first, "image/png", manifest_of(other), keys).data

    assert again.count(b"caBX") == 1
    assert facts.verify_id.encode() not in again
    assert read(again, anchors=keys).verify_id == OURS
