// The channel's page: merges messages into it, follows the stream, asks before what cannot be
// undone. Everything arrives as HTML that the server rendered for this viewer.
import { setUpCommandBox } from "./command_box.js";
import { setUpSheet } from "./sheet.js";
import { setUpUploads } from "./uploads.js";

const messages = document.getElementById("messages");
const scroll = document.getElementById("scroll");
const toEnd = document.getElementById("to-end");
const passings = document.getElementById("passings");
const linkState = document.getElementById("link-state");

const NEAR_END_PX = 120; // About two lines of text: closer than this, a reader follows along.
const PASSING_MS = 9000; // A note of two sentences is read aloud in less.
const LOST_AFTER_MS = 4000; // A restart of the server takes less; shorter gaps are not worth a word.

// "/moderators" in the moderators' channel.
const { base } = document.body.dataset;
let revision = Number(document.body.dataset.revision);

// ---- messages -------------------------------------------------------------------------------

function isNearEnd() {
  return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR_END_PX;
}

function goToEnd() {
  scroll.scrollTop = scroll.scrollHeight;
  toEnd.hidden = true;
}

function showTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    time.textContent = moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    time.title = moment.toLocaleString();
  }
}

// Put a message where its number says, or in place of its earlier wording; an older wording than
// the one shown (a slow answer that the stream overtook) changes nothing. What a person said to a
// held request has a new number: it goes to the end. True: it is new.
function place(message) {
  let shown = document.getElementById(message.id);
  if (shown && Number(shown.dataset.revision) >= Number(message.dataset.revision)) return false;
  if (shown && !("gone" in message.dataset) && shown.dataset.no !== message.dataset.no) {
    if (shown.contains(document.activeElement)) document.getElementById("say").focus();
    shown.remove();
    shown = null;
  }
  if ("gone" in message.dataset) {
    if (shown && shown.contains(document.activeElement)) document.getElementById("say").focus();
    shown?.remove();
    return false;
  }
  showTimes(message);
  if (shown) {
    const focused = shown.contains(document.activeElement) ? document.activeElement : null;
    keepPreview(shown, message);
    shown.replaceWith(message);
    if (focused) refocus(message, focused.dataset.focus);
  } else {
    const number = Number(message.dataset.no);
    const after = [...messages.children].find((other) => Number(other.dataset.no) > number);
    messages.insertBefore(message, after ?? null);
  }
  window.htmx.process(message);
  return !shown;
}

// The last preview stays behind the finished picture until that has loaded: no flash of paper.
function keepPreview(shown, message) {
  const preview = shown.querySelector(".canvas img");
  const canvas = message.querySelector(".canvas");
  if (preview && canvas && !canvas.querySelector("img")) canvas.append(preview);
}

function refocus(message, name) {
  const same = name && message.querySelector(`[data-focus="${name}"]`);
  (same || message).focus({ preventScroll: true });
}

function merge(html) {
  const wasNearEnd = isNearEnd();
  const parsed = document.createElement("template");
  parsed.innerHTML = html;
  let hasNew = false;
  for (const element of [...parsed.content.children]) {
    if (element.matches("article")) hasNew = place(element) || hasNew;
    else if (element.matches(".passing")) showPassing(element);
    else if (element.matches(".sheet")) openSheet(element);
  }
  if (wasNearEnd) goToEnd();
  else if (hasNew) toEnd.hidden = false;
}

function showPassing(note) {
  passings.append(note);
  note.querySelector("[data-close]").addEventListener("click", () => note.remove());
  setTimeout(() => note.remove(), PASSING_MS);
}

function showTrouble(text) {
  const note = document.createElement("div");
  note.className = "passing is-error";
  note.textContent = text;
  passings.replaceChildren(note);
  setTimeout(() => note.remove(), PASSING_MS);
}

// ---- what is posted ---------------------------------------------------------------------------

function showAnswer(status, type, text) {
  if (type?.startsWith("text/html")) merge(text);
  else if (status >= 400) showTrouble(text);
}

function showUnreachable() {
  showTrouble("Easel could not be reached. Try again in a moment.");
}

// Buttons post through htmx, one at a time each; what they answer is merged like everything else.
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  detail.shouldSwap = false;
  const before = new Set(messages.children);
  showAnswer(detail.xhr.status, detail.xhr.getResponseHeader("Content-Type"), detail.xhr.responseText);
  // Pressed at the top of a tall message, the answer would come below what is seen.
  const told = [...messages.children].find((each) => each.matches(".is-private") && !before.has(each));
  told?.scrollIntoView({ block: "nearest" });
});
document.body.addEventListener("htmx:sendError", showUnreachable);

// Lines are sent as quickly as somebody types them, which htmx's one request an element is not for.
async function say(text) {
  const asked = await withPicture(text);
  if (asked !== null) return asked;
  try {
    const answer = await fetch(`${base}/say`, {
      method: "POST",
      headers: { "HX-Request": "true" },
      body: new URLSearchParams({ text }),
    });
    showAnswer(answer.status, answer.headers.get("Content-Type"), await answer.text());
    return answer.ok;
  } catch {
    showUnreachable();
    return false;
  }
}

const openSheet = setUpSheet(merge, showUnreachable);

const confirmation = document.getElementById("confirm");

document.body.addEventListener("htmx:confirm", (event) => {
  if (!event.detail.question) return;
  event.preventDefault();
  document.getElementById("confirm-question").textContent = event.detail.question;
  document.getElementById("confirm-yes").textContent = event.detail.elt.dataset.yes;
  confirmation.returnValue = "no";
  confirmation.addEventListener(
    "close",
    () => {
      if (confirmation.returnValue === "yes") event.detail.issueRequest(true);
    },
    { once: true },
  );
  confirmation.showModal();
});

// ---- the stream -------------------------------------------------------------------------------

let stream = null;
let lostTimer = null;

function showProgress({ job, line, done, total, preview }) {
  for (const work of messages.querySelectorAll(`[data-job="${CSS.escape(job)}"]`)) {
    const wasNearEnd = isNearEnd();
    work.querySelector(".stand").textContent = line;
    const bar = work.querySelector("progress");
    if (total) {
      bar.max = total;
      bar.value = done;
    } else bar.removeAttribute("value");
    if (preview) showPreview(work.querySelector("[data-canvas]"), preview);
    if (wasNearEnd) goToEnd();
  }
}

// Decoded before it is shown, so that the canvas never blinks between two previews.
function showPreview(canvas, address) {
  const next = new Image();
  next.alt = "The picture as far as it is drawn";
  next.src = address;
  next.decode().then(
    () => {
      canvas.querySelector("img")?.remove();
      canvas.append(next);
    },
    () => {}, // The job ended in the meantime, and its previews with it.
  );
}

function connect() {
  stream?.close();
  stream = new EventSource(`${base}/events?after=${revision}`);
  stream.addEventListener("open", () => {
    clearTimeout(lostTimer);
    lostTimer = null;
    linkState.textContent = "";
  });
  stream.addEventListener("message", (event) => {
    revision = Math.max(revision, Number(event.lastEventId));
    merge(event.data);
  });
  stream.addEventListener("progress", (event) => showProgress(JSON.parse(event.data)));
  stream.addEventListener("reset", () => location.reload());
  stream.addEventListener("error", () => {
    lostTimer ??= setTimeout(() => {
      linkState.textContent = "Reconnecting …";
      // A browser gives up by itself when an answer was no stream; a restarting proxy gives such.
      if (stream.readyState === EventSource.CLOSED) connect();
      lostTimer = null;
    }, LOST_AFTER_MS);
  });
}

// A browser opens six connections to one place: hidden tabs give theirs back and catch up later.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) stream?.close();
  else connect();
});

// ---- begin ------------------------------------------------------------------------------------

showTimes(document);
goToEnd();
toEnd.addEventListener("click", goToEnd);
scroll.addEventListener("scroll", () => {
  if (isNearEnd()) toEnd.hidden = true;
});
// Pictures have their size from the start, but a late font or a turned phone moves the end.
new ResizeObserver(() => {
  if (isNearEnd()) goToEnd();
}).observe(scroll);
connect();
const withPicture = setUpUploads(document.getElementById("composer"), showAnswer, showUnreachable);
setUpCommandBox(document.getElementById("composer"), say);
