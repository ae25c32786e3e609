"""Every door of the console, tried by everybody: 0 wrong answers, and nothing changed by a wrong form."""

from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text

from bot.web_app.console.rooms import PRIVATE, PUBLIC, start
from bot.web_app.console.tokens import form_token
from core.contracts.actors import Role
from tests.bot.web_app.console.conftest import Moderator, open_session
from tests.bot.web_app.console.doors import DOORS, address

GUARDED = {door: least for door, least in DOORS.items() if least is not None}
FORMS = sorted(path for method, path in GUARDED if method != "GET")
HOURS = timedelta(hours=1)


def routes_of(*routers, prefix="/console"):
    return {
        (method, prefix + route.path)
        for router in routers
        for route in router.routes
        for method in route.methods
    }


def test_every_door_is_listed():
    """A page that is added without a row here would be tried by nobody."""
    private = routes_of(*PRIVATE) | routes_of(start, prefix="")

    assert set(GUARDED) == private
    assert set(DOORS) - set(GUARDED) == routes_of(*PUBLIC)


def test_the_app_has_no_other_door(app):
    """Nor is one put on the app past the guards: each private path refuses a stranger below."""
    paths = {path for path in _paths(app.routes) if path.startswith("/console")}

    assert paths == {path for _, path in DOORS}


def _paths(routes):
    """FastAPI keeps included routers whole in later versions, and laid their routes out before."""
    for route in routes:
        if hasattr(route, "path_format"):
            yield route.path_format
        yield from _paths(getattr(route, "effective_candidates", list)())


def at_another_time(services, *, age_h=0, seen_h=0, role=Role.ADMIN):
    now = services.clock()
    created = now - age_h * HOURS
    return open_session(
        services,
        role,
        created_at=created,
        seen_at=now - seen_h * HOURS,
        expires_at=created + 12 * HOURS,
    )


def signed_out(services):
    token = open_session(services, Role.ADMIN)
    with services.store.unit() as unit:
        unit.console_sessions.end_all("local", "web:mo", now=services.clock())
    return token


VISITORS = {
    "nobody": lambda _services: "",
    "a made-up token": lambda _services: "x" * 43,
    "a member": lambda services: open_session(services, Role.MEMBER),
    "a moderator": lambda services: open_session(services, Role.MODERATOR),
    "an admin": lambda services: open_session(services, Role.ADMIN),
    "an admin who signed out": signed_out,
    "an admin whose day is over": lambda services: at_another_time(services, age_h=12),
    "an admin who was away": lambda services: at_another_time(services, age_h=2, seen_h=1),
    "another community's admin": lambda services: open_session(
        services, Role.ADMIN, community_id="elsewhere"
    ),
}
ROLES = {"a member": Role.MEMBER, "a moderator": Role.MODERATOR, "an admin": Role.ADMIN}
RANK = (Role.MEMBER, Role.MODERATOR, Role.ADMIN)


def expected(visitor: str, method: str, least: Role) -> str:
    if visitor not in ROLES:
        return "led to sign in" if method == "GET" else "refused as nobody"
    return "let in" if RANK.index(ROLES[visitor]) >= RANK.index(least) else "not permitted"


def outcome(browser: Moderator, method: str, path: str) -> str:
    fields = browser.form if method != "GET" else None
    with browser.stream(method, address(path), data=fields) as answer:
        to = answer.headers.get("Location", "")
        if answer.status_code == 303 and to.startswith("/console/sign-in") and method == "GET":
            return "led to sign in"
        if answer.status_code >= 500:
            return f"broke with {answer.status_code}"
        return {401: "refused as nobody", 403: "not permitted"}.get(answer.status_code, "let in")


@pytest.mark.parametrize("visitor", VISITORS)
def test_each_door_opens_to_whom_it_should(server, services, visitor):
    wrong = []
    for (method, path), least in GUARDED.items():
        with Moderator(server.url, VISITORS[visitor](services)) as browser:
            seen = outcome(browser, method, path)
        if seen != expected(visitor, method, least):
            wrong.append(f"{visitor} at {method} {path}: {seen}")

    assert wrong == []


def test_the_doors_for_everybody_break_for_nobody(server):
    with Moderator(server.url) as browser:
        for (method, path), least in DOORS.items():
            if least is None:
                assert outcome(browser, method, path) == "let in"


def test_a_part_of_a_page_leads_the_whole_page_to_the_door(server):
    """htmx would put the sign-in page into the middle of a list."""
    with Moderator(server.url, htmx=True) as browser:
        answer = browser.get("/console/account")

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/console/sign-in")


def test_the_door_remembers_where_somebody_was_going(server):
    with Moderator(server.url) as browser:
        answer = browser.get("/console/account?x=1")

    assert answer.headers["Location"] == "/console/sign-in?next=%2Fconsole%2Faccount%3Fx%3D1"


def everything(services) -> dict[str, list]:
    """Every row of every table."""
    engine = create_engine(services.settings.resolved_database_url)
    with engine.connect() as connection:
        tables = connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ).scalars()
        rows = {
            table: connection.execute(text(f'SELECT * FROM "{table}"')).all() for table in tables
        }
    engine.dispose()
    return rows


WRONG_TOKENS = {
    "none": lambda _own, _other: {},
    "an empty one": lambda _own, _other: {"form_token": ""},
    "a guess": lambda _own, _other: {"form_token": "0" * 64},
    "another session's": lambda _own, other: {"form_token": form_token(other)},
    "the session's own secret": lambda own, _other: {"form_token": own},
    "one that is no ASCII": lambda _own, _other: {"form_token": "ü" * 64},
}


@pytest.mark.parametrize("path", FORMS)
def test_a_form_is_taken_with_its_own_session_s_token_alone(server, services, path):
    """Tried as an admin, so that only the token is wrong; as a field and as htmx's header."""
    own, other = (open_session(services, Role.ADMIN) for _ in range(2))
    before = everything(services)
    taken = []
    with Moderator(server.url, own) as browser:
        for name, token in WRONG_TOKENS.items():
            fields = token(own, other)
            sent = {"X-Form-Token": fields["form_token"].encode()} if fields else {}
            answers = [
                browser.post(address(path), data=fields),
                browser.post(address(path), headers=sent | {"HX-Request": "true"}),
                browser.post(address(path), headers=sent, data=browser.form if sent else {}),
                browser.post(f"{address(path)}?form_token={form_token(own)}", data=fields),
            ]
            taken += [name for answer in answers if answer.status_code != 403]

        assert taken == []
        assert everything(services) == before
        assert "Nothing was changed" in browser.post(address(path)).text


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_a_form_from_another_site_is_refused_even_with_the_token(server, services, path, headers):
    token = open_session(services, Role.ADMIN)
    before = everything(services)

    with Moderator(server.url, token) as browser:
        answer = browser.post(address(path), data=browser.form, headers=headers)

    assert answer.status_code == 403
    assert everything(services) == before


def test_the_right_token_is_taken_as_field_and_as_header(server, services):
    """Without which everything above could be refused for another reason."""
    for sent in ({"data": True}, {"headers": True}):
        token = open_session(services, Role.MODERATOR)
        with Moderator(server.url, token) as browser:
            form = {"form_token": form_token(token)}
            how = (
                {"data": form}
                if "data" in sent
                else {"headers": {"X-Form-Token": form["form_token"]}}
            )
            answer = browser.post("/console/account/settings", **how)

        assert answer.headers["Location"] == "/console/account"
