"""Check what the contract cannot see in a policy's text: the taxonomy, names that repeat, parts."""

from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches

from moderation.policy import CATEGORY_CODES, Floor
from moderation.policy_errors import Fault
from moderation.policy_faults import Document
from moderation.policy_levels import ADD, REMOVE, WITHOUT_RULES, Tree, id_of

_ADD_WORDS = (ADD, REMOVE)


def faults_in_whole(document: Document) -> Iterator[Fault]:
    """Check a whole policy: all sixteen categories, no other, a plain version, each id once."""
    yield from _unknown_categories(document)
    yield from _missing_categories(document)
    yield from _shared_faults(document)
    yield from _profile_faults(document, document.tree)


def faults_in_part(document: Document, below: Tree, floor: Floor) -> Iterator[Fault]:
    """Check a part of a policy against what it is laid over."""
    if not document.tree:
        yield Fault(1, 1, "this part of a policy says nothing", "name at least one value to change")
    yield from _unknown_categories(document)
    yield from _shared_faults(document)
    yield from _list_changes(document, below)
    yield from _left_out_rules(document, below, floor)
    yield from _profile_faults(
        document, {**below, **{k: v for k, v in document.tree.items() if k == "profile"}}
    )


def _unknown_categories(document: Document) -> Iterator[Fault]:
    for code in document.mapping("categories"):
        if code not in CATEGORY_CODES:
            close = get_close_matches(code, CATEGORY_CODES, 1)
            hint = f"did you mean `{close[0]}`?" if close else "docs/policy.md lists the sixteen"
            yield document.fault(("categories", code), f"unknown category `{code}`", hint)


def _missing_categories(document: Document) -> Iterator[Fault]:
    if not isinstance(document.tree.get("categories"), dict):
        return  # The contract says so.
    for code in CATEGORY_CODES:
        if code not in document.mapping("categories"):
            hint = "word all sixteen; `action: allow` turns most of them off"
            yield document.fault(("categories",), f"missing category `{code}`", hint)


def _shared_faults(document: Document) -> Iterator[Fault]:
    if "+" in str(document.tree.get("version", "")):
        hint = "write `1.2.3`; the hash of the content is added at load"
        yield document.value_fault(("version",), "a version with a suffix", hint)
    rules = document.tree.get("rules")
    listed = rules if isinstance(rules, list) else []
    ids = [rule.get("id") if isinstance(rule, dict) else None for rule in listed]
    counts = Counter(map(str, ids))
    for at, rule_id in enumerate(ids):
        if rule_id is not None and counts[str(rule_id)] > 1:
            message = f"the rule id `{rule_id}` stands here more than once"
            yield document.value_fault(
                ("rules", at, "id"), message, "verdicts name rules by their id"
            )


def _profile_faults(document: Document, tree: Tree) -> Iterator[Fault]:
    chosen = tree.get("profile")
    known = {**_profiles(tree), **document.mapping("profiles")}
    if isinstance(chosen, str) and chosen not in known:
        close = get_close_matches(chosen, known, 1)
        hint = f"did you mean `{close[0]}`?" if close else f"known: {', '.join(known) or 'none'}"
        yield document.value_fault(("profile",), f"unknown profile `{chosen}`", hint)


def _profiles(tree: Tree) -> Tree:
    profiles = tree.get("profiles")
    return profiles if isinstance(profiles, dict) else {}


def _list_changes(document: Document, below: Tree) -> Iterator[Fault]:
    lists = below.get("lists", {})
    for name, entry in document.mapping("lists").items():
        for key in _ADD_WORDS:
            words = entry.get(key, []) if isinstance(entry, dict) else []
            place = ("lists", name, key)
            if not isinstance(words, list):
                hint = "write `[a, b]`, or lines that begin with `- `"
                yield document.value_fault(place, "not a list", hint)
                continue
            terms = lists.get(name, {}).get("terms", [])
            for at, word in enumerate(words):
                if key == REMOVE and word not in terms:
                    close = get_close_matches(str(word), terms, 1)
                    hint = f"did you mean `{close[0]}`?" if close else "see `/policy lists`"
                    message = f"the list `{name}` has no term `{word}`"
                    yield document.value_fault((*place, at), message, hint)


def _left_out_rules(document: Document, below: Tree, floor: Floor) -> Iterator[Fault]:
    gone = document.tree.get(WITHOUT_RULES, [])
    if not isinstance(gone, list):
        hint = "write `[a, b]`, or lines that begin with `- `"
        yield document.value_fault((WITHOUT_RULES,), "not a list", hint)
        return
    floor_ids = {rule.id for rule in floor.rules}
    known = [rule_id for rule in below.get("rules", []) if (rule_id := id_of(rule))]
    for at, rule_id in enumerate(gone):
        place = (WITHOUT_RULES, at)
        if rule_id in floor_ids:
            hint = "no policy can leave it out"
            yield document.value_fault(place, f"the rule `{rule_id}` belongs to the floor", hint)
        elif rule_id not in known:
            close = get_close_matches(str(rule_id), known, 1)
            hint = f"did you mean `{close[0]}`?" if close else "see `/policy explain rules`"
            yield document.value_fault(place, f"unknown rule `{rule_id}`", hint)
