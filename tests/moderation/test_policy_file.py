"""A policy file with faults is refused whole: each fault with line, caret and hint."""

from pathlib import Path

import pytest
from inline_snapshot import snapshot

from moderation.policy import load_policy
from moderation.policy_errors import Fault, PolicyError

HOUSE = Path(__file__).parents[1] / "data" / "policies" / "house.yaml"
"""A policy that stays as it is, so that the shipped one may grow without moving every line."""


@pytest.fixture
def edited_policy(tmp_path):
    """Write that policy with some text replaced, and name its file."""

    def edit(*changes):
        source = HOUSE.read_text("utf-8")
        for old, new in changes:
            assert source.count(old) >= 1, f"not in the policy: {old!r}"
            source = source.replace(old, new, 1)
        path = tmp_path / "policy.yaml"
        path.write_text(source, "utf-8")
        return path

    return edit


def faults_of(path) -> str:
    with pytest.raises(PolicyError) as refused:
        load_policy(path)
    assert refused.value.code == "policy_invalid"
    return "\n".join(refused.value.faults)


def test_planted_faults_are_all_told_at_once(edited_policy):
    """Each of the ten has its line, a caret under its place and a hint; nothing is loaded."""
    path = edited_policy(
        ("version: 1.0.0", "version: 1.0"),
        ("previews: requester ", "preview: requester "),
        ("classifier_missing: rules_only", "classifier_missing: allow"),
        ("review_timeout_h: 48", "review_timeout_h: -1"),
        ("    severity: medium\n", "    severity: awful\n"),
        ("    title: Graphic gore\n", ""),
        ("  shock_disturbing:\n", "  shock_disturbin:\n"),
        (r"'\beasel-known-positive-7q2k9x4m\b'", "'easel(?!known)'"),
        ("lists: [suggestive]", "lists: [sugestive]"),
        ("    action: block\n    appealable: false", "    action: review\n    appealable: false"),
    )

    assert faults_of(path) == snapshot("""\
policy.yaml:7:10: not text
    version: 1.0
             ^
    hint: write text; put numbers, dates and yes/no in quotes
policy.yaml:31:21: `allow` is not a value of `classifier_missing`
    classifier_missing: allow
                        ^
    hint: write 'rules_only', 'review' or 'block'
policy.yaml:37:1: unknown key `preview`
    preview: requester      # Who sees a picture while it is drawn, before any check: `off` or `requester`.
    ^
    hint: did you mean `previews`?
policy.yaml:39:19: not above 0.0
    review_timeout_h: -1     # Two days cover a weekend night; then a held request expires.
                      ^
    hint: write a larger number
policy.yaml:47:1: missing category `shock_disturbing`
    categories:
    ^
    hint: word all sixteen; `action: allow` turns most of them off
policy.yaml:55:13: `sexual_minors` has a floor that no policy can lower
        action: review
                ^
    hint: `action` must be `block`
policy.yaml:74:15: `awful` is not a value of `severity`
        severity: awful
                  ^
    hint: write 'low', 'medium', 'high' or 'critical'
policy.yaml:92:3: missing field `title`
      gore_graphic:
      ^
    hint: add `title:`
policy.yaml:184:3: unknown category `shock_disturbin`
      shock_disturbin:
      ^
    hint: did you mean `shock_disturbing`?
policy.yaml:248:14: not a regular expression: invalid perl operator: (?!
        pattern: 'easel(?!known)'
                 ^
    hint: re2 has no look-around and no back-references; a literal bracket is `\\(`
policy.yaml:293:13: unknown list `sugestive`
        lists: [sugestive]
                ^
    hint: did you mean `suggestive`?\
""")


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        pytest.param(
            ("  - id: gore.terms", "  - id: minors.sexual"),
            snapshot("""\
policy.yaml:300:9: the rule `minors.sexual` belongs to the floor
      - id: minors.sexual
            ^
    hint: no policy can change it; give your rule another id\
"""),
            id="floor rule",
        ),
        pytest.param(
            ("  shock: {file", "  minors: {file"),
            snapshot("""\
policy.yaml:240:3: the list `minors` belongs to the floor
      minors: {file: lists/shock.txt}
      ^
    hint: no policy can change it; give your list another name
policy.yaml:386:13: unknown list `shock`
        lists: [shock]
                ^
    hint: known: suggestive, crude_birds, birds, medicine, gore, violence, self_harm, self_harm_topics, helping, slurs, hate, teaching, private_people, humiliating, figures, damaging, drawn, documents, forging, invented, illegal_instructions, illegal_goods, private_facts, exposing, minors\
"""),
            id="floor list",
        ),
        pytest.param(
            ("    category: gore_graphic", "    category: sexual_minors\n    decision: allow"),
            snapshot("""\
policy.yaml:303:15: `sexual_minors` has a floor that no policy can lower
        decision: allow
                  ^
    hint: its rules always block; leave `decision` out\
"""),
            id="a rule that lowers the floor",
        ),
        pytest.param(
            ("    category: gore_graphic", "    category: sexual_minors\n    mode: shadow"),
            snapshot("""\
policy.yaml:303:11: `sexual_minors` has a floor that no policy can lower
        mode: shadow
              ^
    hint: its rules always block; leave `mode` out\
"""),
            id="a rule of the floor in shadow",
        ),
        pytest.param(
            ("    is_echoed: false\n", ""),
            snapshot("""\
policy.yaml:48:3: `sexual_minors` has a floor that no policy can lower
      sexual_minors:
      ^
    hint: say `is_echoed: false`\
"""),
            id="a floor left unsaid",
        ),
        pytest.param(
            ("    appealable: false\n    is_echoed", "    appealable: true\n    is_echoed"),
            snapshot("""\
policy.yaml:56:17: `sexual_minors` has a floor that no policy can lower
        appealable: true
                    ^
    hint: `appealable` must be `false`\
"""),
            id="a floor gainsaid",
        ),
        pytest.param(
            ("  - id: gore.terms", "  - id: nudity.terms"),
            snapshot("""\
policy.yaml:280:9: the rule id `nudity.terms` stands here more than once
      - id: nudity.terms
            ^
    hint: verdicts name rules by their id
policy.yaml:300:9: the rule id `nudity.terms` stands here more than once
      - id: nudity.terms
            ^
    hint: verdicts name rules by their id\
"""),
            id="an id twice",
        ),
        pytest.param(
            ("title: PG-13", "title: PG-13\ntitle: PG-14"),
            snapshot("""\
policy.yaml:9:1: the key `title` stands here twice
    title: PG-14
    ^
    hint: keep one\
"""),
            id="a key twice",
        ),
        pytest.param(
            ("lists/gore.txt", "lists/gory.txt"),
            snapshot("""\
policy.yaml:220:16: no such term file: `lists/gory.txt`
      gore: {file: lists/gory.txt}
                   ^
    hint: paths count from this file, or name a shipped list: `lists/explicit.txt`\
"""),
            id="no such term file",
        ),
        pytest.param(
            ("{file: lists/gore.txt}", "{terms: [Gore!]}"),
            snapshot("""\
policy.yaml:220:18: the term `Gore!` could never match
      gore: {terms: [Gore!]}
                     ^
    hint: use lower-case ASCII letters, digits, spaces, hyphens; `*` only at the end\
"""),
            id="a term that cannot match",
        ),
        pytest.param(
            ("{file: lists/gore.txt}", "{patterns: ['x*']}"),
            snapshot("""\
policy.yaml:220:21: this pattern matches every text
      gore: {patterns: ['x*']}
                        ^
    hint: ask for at least one character\
"""),
            id="a pattern that matches nothing",
        ),
        pytest.param(
            ("{file: lists/gore.txt}", "{patern: [x]}"),
            snapshot("""\
policy.yaml:220:10: unknown key `patern`
      gore: {patern: [x]}
             ^
    hint: did you mean `patterns`?\
"""),
            id="an unknown key of a list",
        ),
        pytest.param(
            ("{file: lists/gore.txt}", "{file: lists/gore.txt, terms: 5}"),
            snapshot("""\
policy.yaml:220:39: not a list
      gore: {file: lists/gore.txt, terms: 5}
                                          ^
    hint: write `[a, b]`, or lines that begin with `- `\
"""),
            id="terms that are no list",
        ),
        pytest.param(
            ("{file: lists/gore.txt}", "gore"),
            snapshot("""\
policy.yaml:220:9: not keys and values
      gore: gore
            ^
    hint: write `key: value` lines below it, indented\
"""),
            id="a list that is a word",
        ),
        pytest.param(
            ("title: PG-13", "title: &a PG-13\nname2: *a"),
            snapshot("""\
policy.yaml:9:1: aliases are not supported
    name2: *a
    ^
    hint: write it out\
"""),
            id="an alias",
        ),
        pytest.param(
            ("title: PG-13", "title: 2026-02-31"),
            snapshot("""\
policy.yaml:8:8: not a value
    title: 2026-02-31
           ^
    hint: put it in quotes\
"""),
            id="an impossible date",
        ),
        pytest.param(
            ("title: PG-13", 'title: ""'),
            snapshot("""\
policy.yaml:8:8: an empty text
    title: ""
           ^
    hint: write a few words\
"""),
            id="an empty text",
        ),
        pytest.param(
            ("version: 1.0.0", "version: 1.0.0+0a1b2c3d"),
            snapshot("""\
policy.yaml:7:10: a version with a suffix
    version: 1.0.0+0a1b2c3d
             ^
    hint: write `1.2.3`; the hash of the content is added at load\
"""),
            id="a version with a hash",
        ),
        pytest.param(
            ("    kind: pattern", "    kind: regex"),
            snapshot("""\
policy.yaml:246:11: this rule has no known kind
        kind: regex
              ^
    hint: write `kind:` with 'terms', 'pattern' or 'pair'\
"""),
            id="an unknown kind",
        ),
        pytest.param(
            ("    within_words: 8\n    unless", "    within_words: 0\n    unles"),
            snapshot("""\
policy.yaml:362:19: below 1
        within_words: 0
                      ^
    hint: write a larger number
policy.yaml:363:5: unknown key `unles`
        unles: [invented]
        ^
    hint: did you mean `unless`?\
"""),
            id="a rule with two faults",
        ),
        pytest.param(
            (
                "    severity: low\n",
                "    severity: low\n    thresholds: {review: 0.9, block: 0.5}\n",
            ),
            snapshot("""\
policy.yaml:190:17: `review` is above `block`
        thresholds: {review: 0.9, block: 0.5}
                    ^
    hint: lower `review` or raise `block`\
"""),
            id="thresholds out of order",
        ),
        pytest.param(
            (
                "    severity: low\n",
                "    severity: low\n    thresholds: {review: 0.9, blocks: 0.5}\n",
            ),
            snapshot("""\
policy.yaml:190:5: missing field `block`
        thresholds: {review: 0.9, blocks: 0.5}
        ^
    hint: add `block:`
policy.yaml:190:31: unknown key `blocks`
        thresholds: {review: 0.9, blocks: 0.5}
                                  ^
    hint: did you mean `block`?\
"""),
            id="thresholds misspelt",
        ),
        pytest.param(
            ("    appealable: true\n", "    apealable: true\n"),
            snapshot("""\
policy.yaml:88:5: unknown key `apealable`
        apealable: true
        ^
    hint: did you mean `appealable`?\
"""),
            id="a category's key misspelt",
        ),
        pytest.param(
            ("openai: [sexual/minors]", "open_ai: [sexual/minors]"),
            snapshot("""\
policy.yaml:53:32: unknown key `open_ai`
        codes: {ailuminate: [cse], open_ai: [sexual/minors]}
                                   ^
    hint: did you mean `openai`?\
"""),
            id="codes misspelt",
        ),
        pytest.param(
            ("  what_would_pass: Nothing", "  would_pass: Nothing"),
            snapshot("""\
policy.yaml:42:1: missing field `what_would_pass`
    unchecked:
    ^
    hint: add `what_would_pass:`
policy.yaml:45:3: unknown key `would_pass`
      would_pass: Nothing is wrong with your words as far as we know. Wait, or try again later.
      ^
    hint: did you mean `what_would_pass`?\
"""),
            id="words misspelt",
        ),
        pytest.param(
            ("  gore_graphic:\n", "  horror:\n"),
            snapshot("""\
policy.yaml:47:1: missing category `gore_graphic`
    categories:
    ^
    hint: word all sixteen; `action: allow` turns most of them off
policy.yaml:92:3: unknown category `horror`
      horror:
      ^
    hint: docs/policy.md lists the sixteen\
"""),
            id="a category of their own",
        ),
        pytest.param(
            (
                "max_prompt_chars: 6000",
                "sanctions: {steps: [{at: 3, penalty: ban}, {at: 5, penalty: warn}]}",
            ),
            snapshot("""\
policy.yaml:40:12: a step is milder than the one before it
    sanctions: {steps: [{at: 3, penalty: ban}, {at: 5, penalty: warn}]}
               ^
    hint: from note over warn, slow and pause to ban, a higher step is never milder\
"""),
            id="a ladder that softens",
        ),
        pytest.param(
            ("max_prompt_chars: 6000", "sanctions: {steps: [{at: 3, penalty: pause}]}"),
            snapshot("""\
policy.yaml:40:21: `hours` belong to slow and pause
    sanctions: {steps: [{at: 3, penalty: pause}]}
                        ^
    hint: give `hours` there and nowhere else\
"""),
            id="a pause without an end",
        ),
        pytest.param(
            (
                "max_prompt_chars: 6000",
                "sanctions: {steps: [{at: 3, penalty: warn}, {at: 3, penalty: ban}]}",
            ),
            snapshot("""\
policy.yaml:40:12: each step stands above the one before
    sanctions: {steps: [{at: 3, penalty: warn}, {at: 3, penalty: ban}]}
               ^
    hint: sort the steps by `at`\
"""),
            id="two steps at one place",
        ),
        pytest.param(
            ("max_prompt_chars: 6000", "sanctions: {breaker: {per_minute: 5}}"),
            snapshot("""\
policy.yaml:40:23: unknown key `per_minute`
    sanctions: {breaker: {per_minute: 5}}
                          ^
    hint: known: per_hour\
"""),
            id="unknown key of the breaker",
        ),
        pytest.param(
            ("max_prompt_chars: 6000", "sanctions: {breaker: {per_hour: 0}}"),
            snapshot("""\
policy.yaml:40:33: below 1
    sanctions: {breaker: {per_hour: 0}}
                                    ^
    hint: write a larger number\
"""),
            id="a breaker that is always open",
        ),
        pytest.param(
            ("max_prompt_chars: 6000", "review: {undo_s: 90}"),
            snapshot("""\
policy.yaml:40:18: above 60.0
    review: {undo_s: 90}
                     ^
    hint: write a smaller number\
"""),
            id="longer to undo than a minute",
        ),
        pytest.param(
            ("max_prompt_chars: 6000", "review: {second_person: [hate_extremis]}"),
            snapshot("""\
policy.yaml:40:26: unknown category `hate_extremis`
    review: {second_person: [hate_extremis]}
                             ^
    hint: did you mean `hate_extremism`?\
"""),
            id="two people for an unknown category",
        ),
        pytest.param(
            ("max_prompt_chars: 6000", "review: {claim_minute: 5}"),
            snapshot("""\
policy.yaml:40:10: unknown key `claim_minute`
    review: {claim_minute: 5}
             ^
    hint: did you mean `claim_minutes`?\
"""),
            id="unknown key of the review",
        ),
        pytest.param(
            ("max_prompt_chars: 6000", "review: {sla_hours: {grave: 5}}"),
            snapshot("""\
policy.yaml:40:22: unknown key `grave`
    review: {sla_hours: {grave: 5}}
                         ^
    hint: known: critical, high, medium, low\
"""),
            id="unknown severity",
        ),
        pytest.param(
            (
                "max_prompt_chars: 6000",
                "review: {reasons: {fine: {ruling: allow, title: Fine, member_tex: Fine.}}}",
            ),
            snapshot("""\
policy.yaml:40:20: missing field `member_text`
    review: {reasons: {fine: {ruling: allow, title: Fine, member_tex: Fine.}}}
                       ^
    hint: add `member_text:`
policy.yaml:40:35: `allow` is not a value of `ruling`
    review: {reasons: {fine: {ruling: allow, title: Fine, member_tex: Fine.}}}
                                      ^
    hint: write 'approve' or 'reject'
policy.yaml:40:55: unknown key `member_tex`
    review: {reasons: {fine: {ruling: allow, title: Fine, member_tex: Fine.}}}
                                                          ^
    hint: did you mean `member_text`?\
"""),
            id="a reason with faults",
        ),
        pytest.param(
            (
                "max_prompt_chars: 6000",
                "review: {reasons: {Not Fine: {ruling: reject, title: Odd, member_text: Odd.}}}",
            ),
            snapshot("""\
policy.yaml:40:20: not of the form that is asked for
    review: {reasons: {Not Fine: {ruling: reject, title: Odd, member_text: Odd.}}}
                       ^
    hint: use lower-case letters and digits; versions look like `1.2.3`\
"""),
            id="a reason's code",
        ),
    ],
)
def test_a_fault_is_told_at_its_place(edited_policy, change, shown):
    assert faults_of(edited_policy(change)) == shown


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        pytest.param(
            "",
            snapshot("""\
policy.yaml:1:1: not a policy: a policy has keys at the top
    hint: check indentation, quotes and colons\
"""),
            id="empty",
        ),
        pytest.param(
            "- a\n- b\n",
            snapshot("""\
policy.yaml:1:1: not a policy: a policy has keys at the top
    - a
    ^
    hint: check indentation, quotes and colons\
"""),
            id="a list",
        ),
        pytest.param(
            "name: [\n",
            snapshot("""\
policy.yaml:2:1: not a policy: expected the node content, but found '<stream end>'
    hint: check indentation, quotes and colons\
"""),
            id="not closed",
        ),
        pytest.param(
            "name: a\x01b\n",
            snapshot("""\
policy.yaml:1:1: not a policy: it holds a control character
    name: a\x01b
    ^
    hint: save the file as plain text\
"""),
            id="control character",
        ),
        pytest.param(
            "name: !!python/name:os.system x\n",
            snapshot("""\
policy.yaml:1:7: not a policy: could not determine a constructor for the tag 'tag:yaml.org,2002:python/name:os.system'
    name: !!python/name:os.system x
          ^
    hint: check indentation, quotes and colons\
"""),
            id="a foreign tag",
        ),
        pytest.param(
            "name: x\ncategories: 5\nlists: 5\nrules: 5\n",
            snapshot("""\
policy.yaml:1:1: missing field `allowed_text`
    name: x
    ^
    hint: add `allowed_text:`
policy.yaml:1:1: missing field `classifier_missing`
    name: x
    ^
    hint: add `classifier_missing:`
policy.yaml:1:1: missing field `image_check_missing`
    name: x
    ^
    hint: add `image_check_missing:`
policy.yaml:1:1: missing field `not_allowed_text`
    name: x
    ^
    hint: add `not_allowed_text:`
policy.yaml:1:1: missing field `review_timeout_h`
    name: x
    ^
    hint: add `review_timeout_h:`
policy.yaml:1:1: missing field `title`
    name: x
    ^
    hint: add `title:`
policy.yaml:1:1: missing field `unchecked`
    name: x
    ^
    hint: add `unchecked:`
policy.yaml:1:1: missing field `version`
    name: x
    ^
    hint: add `version:`
policy.yaml:2:13: not keys and values
    categories: 5
                ^
    hint: write `key: value` lines below it, indented
policy.yaml:3:1: `lists` is not a mapping
    lists: 5
    ^
    hint: write `name: {terms: [a, b]}`
policy.yaml:4:8: not a list
    rules: 5
           ^
    hint: write `[a, b]`, or lines that begin with `- `\
"""),
            id="everything of the wrong kind",
        ),
        pytest.param(
            "rules: [5, {kind: terms, id: a}]\n",
            snapshot("""\
policy.yaml:1:1: missing field `allowed_text`
    rules: [5, {kind: terms, id: a}]
    ^
    hint: add `allowed_text:`
policy.yaml:1:1: missing field `categories`
    rules: [5, {kind: terms, id: a}]
    ^
    hint: add `categories:`
policy.yaml:1:1: missing field `classifier_missing`
    rules: [5, {kind: terms, id: a}]
    ^
    hint: add `classifier_missing:`
policy.yaml:1:1: missing field `image_check_missing`
    rules: [5, {kind: terms, id: a}]
    ^
    hint: add `image_check_missing:`
policy.yaml:1:1: missing field `name`
    rules: [5, {kind: terms, id: a}]
    ^
    hint: add `name:`
policy.yaml:1:1: missing field `not_allowed_text`
    rules: [5, {kind: terms, id: a}]
    ^
    hint: add `not_allowed_text:`
policy.yaml:1:1: missing field `review_timeout_h`
    rules: [5, {kind: terms, id: a}]
    ^
    hint: add `review_timeout_h:`
policy.yaml:1:1: missing field `title`
    rules: [5, {kind: terms, id: a}]
    ^
    hint: add `title:`
policy.yaml:1:1: missing field `unchecked`
    rules: [5, {kind: terms, id: a}]
    ^
    hint: add `unchecked:`
policy.yaml:1:1: missing field `version`
    rules: [5, {kind: terms, id: a}]
    ^
    hint: add `version:`
policy.yaml:1:9: not keys and values
    rules: [5, {kind: terms, id: a}]
            ^
    hint: write `key: value` lines below it, indented
policy.yaml:1:12: missing field `category`
    rules: [5, {kind: terms, id: a}]
               ^
    hint: add `category:`
policy.yaml:1:12: missing field `lists`
    rules: [5, {kind: terms, id: a}]
               ^
    hint: add `lists:`\
"""),
            id="rules that are no rules",
        ),
    ],
)
def test_a_file_that_is_no_policy_says_so(tmp_path, source, shown):
    path = tmp_path / "policy.yaml"
    path.write_text(source)

    assert faults_of(path) == shown


def test_a_dead_term_in_a_term_file_is_told_at_its_list(edited_policy, tmp_path):
    path = edited_policy(("lists/gore.txt", "own.txt"))
    (tmp_path / "own.txt").write_text("gore\nGORE\n")

    assert faults_of(path) == snapshot("""\
policy.yaml:220:3: the term `GORE` could never match
      gore: {file: own.txt}
      ^
    hint: use lower-case ASCII letters, digits, spaces, hyphens; `*` only at the end\
""")


def test_a_file_that_cannot_be_read_says_so(tmp_path):
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9\n")

    assert faults_of(tmp_path / "latin.yaml") == snapshot("""\
latin.yaml:1:1: cannot be read: UnicodeDecodeError
    hint: name a UTF-8 text file\
""")
    assert faults_of(tmp_path / "none.yaml") == snapshot("""\
none.yaml:1:1: cannot be read: FileNotFoundError
    hint: name a UTF-8 text file\
""")


def test_a_fault_without_a_hint_has_no_hint_line():
    assert Fault(1, 3, "wrong").render("p.yaml", ["name"]) == "p.yaml:1:3: wrong\n    name\n      ^"
