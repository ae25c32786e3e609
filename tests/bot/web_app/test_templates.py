"""Hold the templates, styles and scripts to the page's own security policy and vendoring rules."""

import re

import pytest

from bot.web_app.render import HERE, STATIC

TEMPLATES = sorted((HERE / "templates").rglob("*.html"))
OWN_SCRIPTS = sorted(path for path in STATIC.glob("*.js") if "min" not in path.name)


def name_of(path):
    return path.name


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_no_template_holds_inline_style_or_script(path):
    """The policy would silently drop them."""
    text = path.read_text("utf-8")

    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|hx-on|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_no_template_turns_escaping_off(path):
    """What people wrote stays text."""
    assert not re.search(r"\|\s*safe|autoescape", path.read_text("utf-8"))


@pytest.mark.parametrize("path", OWN_SCRIPTS, ids=name_of)
def test_no_script_evaluates_text(path):
    """Nor writes handlers or whole documents."""
    assert not re.search(
        r"\beval\(|new Function|document\.write|insertAdjacentHTML", path.read_text()
    )


def test_nothing_is_loaded_from_elsewhere():
    """The page works without the internet."""
    for path in (*TEMPLATES, *OWN_SCRIPTS, *STATIC.glob("*.css")):
        assert not re.search(r"(src|href|url\()=?[\"']?(https?:)?//", path.read_text("utf-8")), path


def test_htmx_is_one_vendored_file_with_its_licence():
    """Of the version that docs/web-chat.md names."""
    version = re.search(r'version:"([\d.]+)"', (STATIC / "htmx.min.js").read_text("utf-8"))

    assert version
    assert version[1].startswith("2.")
    assert "Zero-Clause BSD" in (STATIC / "htmx.LICENSE.txt").read_text("utf-8")
    docs = (HERE.parents[1] / "docs" / "web-chat.md").read_text("utf-8")
    assert f"htmx {version[1]}" in docs


def test_motion_is_only_where_it_is_welcome():
    """Every animation and transition stands under `prefers-reduced-motion: no-preference`."""
    for path in STATIC.glob("*.css"):
        outside = re.sub(
            r"@media \(prefers-reduced-motion: no-preference\) \{.*?\n\}",
            "",
            path.read_text(),
            flags=re.DOTALL,
        )
        assert not re.search(r"\b(animation|transition):", outside), path.name
