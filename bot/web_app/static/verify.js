// Ask about a picture without leaving the page: chosen, dropped anywhere on it, or pasted. Without
// this script the form does the same by itself.

const form = document.querySelector("[data-ask]");
const input = form.querySelector("input[type=file]");
const result = document.getElementById("result");
let asked = 0;

function show(name) {
  result.replaceChildren(document.querySelector(`template[${name}]`).content.cloneNode(true));
  focusTitle();
}

function focusTitle() {
  result.querySelector(".finding-title")?.focus({ preventScroll: true });
  result.scrollIntoView({ block: "nearest" });
}

// Drawn, not loaded: the page's policy lets no picture in that is not its own.
async function draw(file) {
  const place = result.querySelector("[data-picture]");
  if (!place || !file.type.startsWith("image/")) return;
  try {
    const bitmap = await createImageBitmap(file, { resizeWidth: 440, resizeQuality: "high" });
    const canvas = document.createElement("canvas");
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "The picture that you asked about");
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    bitmap.close();
    place.prepend(canvas);
  } catch {
    // The browser can not read it either; the words say what is the matter.
  }
}

async function ask(file) {
  const number = (asked += 1);
  if (file.size > Number(form.dataset.max)) return show("data-too-large");
  show("data-looking");
  form.setAttribute("aria-busy", "true");
  const body = new FormData();
  body.set("file", file, file.name || "pasted.png");
  try {
    const answer = await fetch(form.action, { method: "POST", headers: { "HX-Request": "true" }, body });
    const html = await answer.text();
    if (number !== asked) return;
    result.innerHTML = html;
    await draw(file);
    focusTitle();
  } catch {
    if (number === asked) show("data-unreachable");
  } finally {
    form.removeAttribute("aria-busy");
  }
}

form.querySelector("button").hidden = true; // Choosing is asking.
form.querySelector("[data-live]").hidden = false;
input.addEventListener("change", () => {
  if (input.files[0]) ask(input.files[0]);
});
document.addEventListener("paste", (event) => {
  const [picture] = event.clipboardData.files;
  if (picture) ask(picture);
});
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    form.classList.add("is-target");
  });
}
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) form.classList.remove("is-target");
});
document.addEventListener("drop", (event) => {
  form.classList.remove("is-target");
  const [picture] = event.dataTransfer.files;
  if (!picture) return;
  event.preventDefault();
  input.value = "";
  ask(picture);
});
