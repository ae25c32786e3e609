// The command box: a combobox that offers commands and flags while a person types, and sends lines.
// Keys as the ARIA Authoring Practices have them: arrows choose, Enter or Tab takes, Escape closes.

const PAUSE_MS = 60; // Quicker than people type, so that one request serves a burst of keys.

export function setUpCommandBox(form, send) {
  const input = form.querySelector("input[name=text]");
  const list = form.querySelector("[role=listbox]");
  let timer = null;
  let asked = 0;
  let earlier = []; // What was sent from this page, newest last, for the arrow-up key.
  let at = 0;

  const options = () => [...list.querySelectorAll("[role=option]")];
  const active = () => list.querySelector("[aria-selected=true]");
  const isOpen = () => !list.hidden;

  function close() {
    clearTimeout(timer);
    asked += 1; // An answer that is still on its way is no longer wanted.
    list.hidden = true;
    list.replaceChildren();
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(option) {
    active()?.setAttribute("aria-selected", "false");
    option.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function move(by) {
    const all = options();
    const now = all.indexOf(active());
    choose(all[now < 0 ? (by > 0 ? 0 : all.length - 1) : (now + by + all.length) % all.length]);
  }

  function take(option) {
    input.value = option.dataset.text;
    const cursor = Number(option.dataset.cursor);
    input.setSelectionRange(cursor, cursor);
    input.focus();
    ask();
  }

  async function ask() {
    const number = (asked += 1);
    const body = new URLSearchParams({ text: input.value, cursor: input.selectionStart });
    let html = "";
    try {
      const answer = await fetch("/suggest", { method: "POST", body });
      if (answer.ok) html = await answer.text();
    } catch {
      // Without the server there are no suggestions; sending will say why.
    }
    if (number !== asked) return;
    if (!html.trim()) return close();
    list.innerHTML = html;
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    input.removeAttribute("aria-activedescendant");
  }

  function askSoon() {
    clearTimeout(timer);
    if (input.value.trimStart().startsWith("/")) timer = setTimeout(ask, PAUSE_MS);
    else close();
  }

  function recall(by) {
    if (!earlier.length) return;
    at = Math.min(Math.max(at + by, 0), earlier.length);
    input.value = earlier[at] ?? "";
    input.setSelectionRange(input.value.length, input.value.length);
  }

  const keys = {
    ArrowDown: () => (isOpen() ? move(1) : recall(1)),
    ArrowUp: () => (isOpen() ? move(-1) : recall(-1)),
    Escape: () => (isOpen() ? close() : false),
    Tab: () => (isOpen() ? take(active() ?? options()[0]) : false),
    Enter: () => (isOpen() && active() ? take(active()) : false),
  };

  input.addEventListener("keydown", (event) => {
    if (event.shiftKey || event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    if (keys[event.key] && keys[event.key]() !== false) event.preventDefault();
  });
  input.addEventListener("input", askSoon);
  input.addEventListener("focus", askSoon);
  input.addEventListener("blur", close);

  // A press would take the focus from the input, whose blur closes the list before the click.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });

  // The box is empty at once, for the next line; what could not be sent comes back into it.
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    input.value = "";
    close();
    if (await send(text)) {
      earlier = [...earlier.filter((other) => other !== text), text];
      at = earlier.length;
    } else if (!input.value) {
      input.value = text;
    }
  });
}
