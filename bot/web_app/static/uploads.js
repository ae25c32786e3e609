// Bring a picture along: chosen, pasted or dropped. It is sent at once, and the line that is being
// typed then names it with --image.

export function setUpUploads(form, showAnswer, showUnreachable) {
  const input = form.querySelector("input[name=text]");
  const file = form.querySelector("input[type=file]");
  const button = form.querySelector("[data-attach]");
  const brought = document.getElementById("brought");

  async function bring(picture) {
    button.setAttribute("aria-busy", "true");
    const body = new FormData();
    body.set("file", picture, picture.name || "pasted.png");
    try {
      const answer = await fetch("/uploads", { method: "POST", headers: { "HX-Request": "true" }, body });
      if (answer.ok) show(await answer.text());
      else showAnswer(answer.status, answer.headers.get("Content-Type"), await answer.text());
    } catch {
      showUnreachable();
    } finally {
      button.removeAttribute("aria-busy");
      file.value = "";
    }
  }

  function show(html) {
    brought.innerHTML = html;
    const chip = brought.querySelector("[data-upload]");
    name(chip.dataset.upload);
    chip.querySelector("[data-remove]").addEventListener("click", () => {
      brought.replaceChildren();
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
}
