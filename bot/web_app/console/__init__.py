"""The moderators' console, `/console` of the web app: its door, its frame, its pages.

How to add a page
    1. A module of its own with `private = APIRouter()` and routes without the `/console` prefix:

           @private.get("/audit")
           async def audit(
               request: Request, console: TheConsole, visitor: ConsoleViewer
           ) -> Response:
               rows = await to_thread.run_sync(_rows, console, visitor)
               return console.frame.page(request, visitor, "audit.html", rows=rows)

    2. Its `private` in `rooms.PRIVATE`. That puts every route behind `door.guards` (signed in, a
       moderator at least, form token) and shows its entry of `frame.TABS` in the navigation.
    3. `templates/console/audit.html` extends `console/layout.html` and fills the blocks `title` and
       `main`; a style or script of its own goes into the blocks `styles` and `scripts`. Nothing
       inline: the page's policy drops it. Text is escaped; there is no `| safe`.
    4. A row for each of its routes in `tests/bot/web_app/console/test_doors.py`, which fails until
       it is there, and a look by `axe` as in `test_browser_console.py`.

Who may what
    `ConsoleViewer` is a moderator at least, `ConsoleAdmin` an admin: annotate the argument, nothing
    else. `visitor.actor` is the `Actor` for use cases, with the role that the store has at this
    request; `visitor.settings` is their `ModeratorSettings`. Hide buttons by `visitor.is_admin`,
    but let the use case decide by itself at the moment of the deed. An id from the address is
    asked for with `console.community_id`; another community's is `NotFound`. A stream asks
    `door.is_still_in(console, visitor)` now and then, and ends if not.

Forms
    `{% from "console/macros.html" import token_field, moment, tick %}`, and
    `{{ token_field(visitor) }}` as the first thing in each `<form method="post">`. What posts by
    htmx carries the token by itself (`hx-headers` on the body); a script's own `fetch` sends it as
    the header `X-Form-Token`. After a form: `return console.frame.back(request, "/console/queue",
    Note.of("item_claimed"))`: a redirect for a browser, `HX-Redirect` for htmx; the next page shows
    the note once. Sentences of notes stand in `wording.console.NOTES`, facts are filled in:
    `Note.of("x", name="Mo")`.

Parts for htmx
    `return console.frame.part(visitor, "item.html", note=Note.of("decided"), item=item)` renders a
    template that extends nothing; the note is swapped in beside it. Raise errors as anywhere: to
    htmx they are a note among the others with the right status (`faults.status_of`; conflicts are
    409), to a browser a page, and who is signed out is led to the door and back to where they were.

Parts of pages in `static/console.css`: `.page` (`.is-narrow`), `.panel`, `.stack`, `.rows`/`.row`,
`.badge` (`.is-danger`, `.is-gold`), `.tick`; buttons, colours and focus come from `base.css`.
A moment is `{{ moment(item.opened_at) }}`; `console.js` writes it in the reader's own time, also in
parts that htmx swaps in. `static/office.css` adds forms, tables (`.grid` in a `.scrolled`) and
charts; `notes.said(reply)` leaves what a use case said as a note. Work that waits for the store
runs in `to_thread.run_sync`, one unit each.
"""
