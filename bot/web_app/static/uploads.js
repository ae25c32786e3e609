// Bring a picture along: chosen, pasted or dropped. It is sent at once, and the line that is being
// typed then names it with --image. Beside /verify it is only looked at, as the file that it is.

const ASKS = /^\s*\/verify\b/i;

export function setUpUploads(form, showAnswer, showUnreachable) {
  const input = form.querySelector("input[name=text]");
  const file = form.querySelector("input[type=file]");
  const button = form.querySelector("[data-attach]");
  const brought = document.getElementById("brought");
  let kept = null; // The file itself: what is uploaded is cleaned of every label.

  async function send(address, picture) {
    button.setAttribute("aria-busy", "true");
    const body = new FormData();
    body.set("file", picture, picture.name || "pasted.png");
    try {
      return await fetch(address, { method: "POST", headers: { "HX-Request": "true" }, body });
    } catch {
      showUnreachable();
      return null;
    } finally {
      button.removeAttribute("aria-busy");
      file.value = "";
    }
  }

  async function bring(picture) {
    if (ASKS.test(input.value)) {
      if (!(await verify(picture))) return;
      input.value = "";
      input.dispatchEvent(new Event("input")); // Nothing is left to suggest for.
      return;
    }
    const answer = await send("/uploads", picture);
    if (!answer) return;
    if (answer.ok) {
      kept = picture;
      show(await answer.text());
    } else showAnswer(answer.status, answer.headers.get("Content-Type"), await answer.text());
  }

  async function verify(picture) {
    const answer = await send(`${document.body.dataset.base}/say/verify`, picture);
    if (!answer) return false;
    showAnswer(answer.status, answer.headers.get("Content-Type"), await answer.text());
    return answer.ok;
  }

  function show(html) {
    brought.innerHTML = html;
    const chip = brought.querySelector("[data-upload]");
    name(chip.dataset.upload);
    chip.querySelector("[data-remove]").addEventListener("click", () => {
      brought.replaceChildren();
      kept = null;
      input.value = input.value.replace(/ *--image \S+/, "");
      input.focus();
    });
  }

  function name(id) {
    const said = input.value.replace(/ *--image \S+/, "").trim();
    const line = said.startsWith("/") ? said : `/imagine ${said}`.trim();
    input.value = `${line}  --image ${id}`; // What is typed next stands between the two spaces.
    input.focus();
    input.setSelectionRange(line.length + 1, line.length + 1);
  }

  button.addEventListener("click", () => file.click());
  file.addEventListener("change", () => file.files[0] && bring(file.files[0]));
  input.addEventListener("paste", (event) => {
    const picture = [...event.clipboardData.files].find((each) => each.type.startsWith("image/"));
    if (!picture) return;
    event.preventDefault();
    bring(picture);
  });
  for (const kind of ["dragenter", "dragover"]) {
    form.addEventListener(kind, (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      form.classList.add("is-target");
    });
  }
  for (const kind of ["dragleave", "drop"]) form.addEventListener(kind, () => form.classList.remove("is-target"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    const picture = event.dataTransfer.files[0];
    if (picture) bring(picture);
  });
  form.addEventListener("submit", () => brought.replaceChildren());

  // A line that is sent beside a picture: true if it was asked about, false if it was refused, and
  // null if the line is to be sent as any other.
  return async function withPicture(text) {
    const picture = kept;
    kept = null;
    return picture && ASKS.test(text) ? verify(picture) : null;
  };
}
