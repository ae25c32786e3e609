// A form that a button opened: shown in a dialog, sent without leaving the page. What is wrong with
// it is said inside of it, and nothing that was typed or painted is lost.
import { setUpRegion } from "./region.js";

export function setUpSheet(merge, showUnreachable) {
  const dialog = document.getElementById("sheet");
  let region = null;
  let opener = null;
  let pressed = null;

  // A button is disabled while its answer is on its way, and loses the focus by that.
  document.addEventListener("submit", (event) => (pressed = event.submitter), true);

  function open(sheet) {
    opener = pressed;
    dialog.replaceChildren(sheet);
    const painting = sheet.querySelector("[data-region]");
    region = painting ? setUpRegion(painting) : null;
    sheet.querySelector("[data-close]").addEventListener("click", () => dialog.close());
    sheet.addEventListener("submit", send);
    for (const kind of ["input", "pointerdown"]) {
      sheet.addEventListener(kind, () => sheet.querySelector("[data-trouble]")?.setAttribute("hidden", ""));
    }
    for (const area of sheet.querySelectorAll("textarea")) area.addEventListener("keydown", sendByKey);
    if (!dialog.open) dialog.showModal();
    (sheet.querySelector("[autofocus]") ?? sheet.querySelector("button")).focus();
  }

  // As in chats everywhere: Enter alone makes a new line, with Ctrl or Cmd it sends.
  function sendByKey(event) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.target.form.requestSubmit();
  }

  async function send(event) {
    event.preventDefault();
    const form = event.target;
    const body = new FormData(form);
    if (region) {
      if (region.isEmpty()) return tell(form, "Mark the part that is to be drawn anew.");
      body.set(region.name, await region.blob(), "mask.png");
    }
    const submit = form.querySelector("[type=submit]");
    submit.disabled = true;
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        headers: { "HX-Request": "true" },
        body: region ? body : new URLSearchParams(body),
      });
      const html = await answer.text();
      if (answer.ok) {
        dialog.close();
        merge(html);
      } else tell(form, wordsOf(html));
    } catch {
      showUnreachable();
      dialog.close();
    } finally {
      submit.disabled = false;
    }
  }

  function tell(form, words) {
    const trouble = form.querySelector("[data-trouble]");
    trouble.textContent = words;
    trouble.hidden = false;
  }

  function wordsOf(html) {
    const parsed = document.createElement("template");
    parsed.innerHTML = html;
    const lines = [...parsed.content.querySelectorAll(".title, .line")].map((each) => each.textContent);
    return lines.join(" ") || html;
  }

  dialog.addEventListener("close", () => {
    dialog.replaceChildren();
    region = null;
    if (opener?.isConnected) opener.focus();
  });

  return open;
}
