"""Hold quoting to what phones and people type."""

import pytest

from bot.quoting import QUOTED, unclosed_quote


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        pytest.param('a "b c" d', ['"b c"'], id="straight"),
        pytest.param("a \u201cb c\u201d d", ["\u201cb c\u201d"], id="curly"),
        pytest.param(
            "\u201eb\u201c \u201db\u201d", ["\u201eb\u201c", "\u201db\u201d"], id="German, Swedish"
        ),
        pytest.param('\u201cb"', ['\u201cb"'], id="mixed"),
        pytest.param('("b"),"c".', ['"b"', '"c"'], id="between punctuation"),
        pytest.param('a "" b', ['""'], id="empty"),
        pytest.param('a 12" record, 7" wide', [], id="inches"),
        pytest.param("the artist's cat", [], id="apostrophe"),
        pytest.param('a " b', [], id="a mark alone"),
    ],
)
def test_quoted_texts_are_found(text, quoted):
    assert QUOTED.findall(text) == quoted
    assert unclosed_quote(text) is None


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        pytest.param('a "b c', '"b c', id="alone"),
        pytest.param('"a" "b', '"b', id="after a closed one"),
        pytest.param('"a"."b', '"b', id="directly after a closed one"),
    ],
)
def test_a_quote_left_open_reaches_to_the_end(text, rest):
    assert unclosed_quote(text) == rest
