// The queue: keys, live changes, and what is half written when they come. Everything here can also
// be done without: each act is a form, each item a link.

const POLL_MS = 15000; // Where the stream is gone for good, the page looks by itself.
const COVER_MS = 60000; // As long as the address of a revealed picture opens.
const TYPING = "textarea, select, input:not([type=radio], [type=checkbox])";

const page = document.querySelector("#queue");
const list = document.querySelector("#list");
const desk = document.querySelector("#desk");
const filters = document.querySelector("#filters");
const news = document.querySelector("#news");
const keys = document.querySelector("#keys");
const isNarrow = matchMedia("(max-width: 760px)");
const drafts = new Map(); // What is half written, by item and field.
let waiting = waitingNow();
let deadline = 0; // When the open item's decision takes effect, by this page's own clock.
let isLookedAfter = false;
let isByKey = false; // The list keeps the focus then.
let wanted = ""; // The item that was asked for last; it may still be on its way.

const opened = () => desk.querySelector("[data-item]")?.dataset.item;
const entry = (id) => document.getElementById(`open-${id}`);
const press = (id) => document.getElementById(id)?.click();

// ---- live ----

function refresh() {
  refreshList();
  const stands = document.querySelector("#stands");
  if (!stands) return;
  const address = `/console/queue/items/${opened()}/standing?revision=${stands.dataset.revision}`;
  ask("GET", address, { source: desk, target: "#standing" });
}

function refreshList() {
  const shown = list.querySelectorAll(".entry").length;
  ask("POST", "/console/queue", { source: filters, target: "#list", values: { shown } });
}

function ask(verb, address, how) {
  htmx.ajax(verb, address, how).catch(() => {}); // What fails is looked at again soon.
}

function follow() {
  const stream = new EventSource("/console/queue/events");
  stream.addEventListener("queue", refresh);
  stream.addEventListener("out", () => location.reload());
  stream.addEventListener("error", () => {
    if (stream.readyState !== EventSource.CLOSED || isLookedAfter) return;
    isLookedAfter = true;
    setInterval(refresh, POLL_MS);
  });
}

function waitingNow() {
  return Number(document.querySelector("#waiting")?.dataset.waiting ?? 0);
}

function tellOfNew() {
  const now = waitingNow();
  const more = now - waiting;
  waiting = now;
  if (more <= 0 || page.dataset.paused === "true") return;
  news.textContent = more === 1 ? "One more waits." : `${more} more wait.`;
  if (page.dataset.sound === "true") chime();
}

function chime() {
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  volume.gain.setValueAtTime(0.06, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + 0.5);
  tone.frequency.value = 660;
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.5);
  tone.addEventListener("ended", () => audio.close());
}

// ---- what is shown ----

function mark() {
  const item = opened();
  for (const link of list.querySelectorAll("[aria-current]")) link.removeAttribute("aria-current");
  entry(item)?.setAttribute("aria-current", "true");
  page.classList.toggle("has-item", Boolean(item));
}

function showClocks() {
  for (const time of page.querySelectorAll("time.is-clock")) {
    time.textContent = new Date(time.dateTime).toLocaleTimeString([], { timeStyle: "short" });
  }
}

function showLeft() {
  const left = document.querySelector("#left");
  if (!left) return;
  const seconds = Math.max(Math.ceil((deadline - performance.now()) / 1000), 0);
  left.textContent = `${seconds} s`;
}

function takeOver(target) {
  const stands = document.querySelector("#stands");
  if (stands?.dataset.left && (target.id === "standing" || target.id === "desk")) {
    deadline = performance.now() + Number(stands.dataset.left) * 1000;
  }
}

function openedAnother(byKey) {
  const item = opened();
  wanted = item;
  const address = new URL(entry(item)?.href ?? location.href);
  if (item) address.searchParams.set("item", item);
  history.replaceState(null, "", address);
  const title = document.querySelector("#item-title");
  document.title = document.title.replace(/^[^·]*/, title ? `${title.textContent} ` : "Queue ");
  for (const pane of desk.querySelectorAll(".pane")) pane.scrollTop = 0;
  if (isNarrow.matches) scrollTo(0, 0);
  if (!byKey) title?.focus({ preventScroll: true });
  if (page.dataset.cover === "false") press("reveal"); // A POST like any other: it is written down.
}

// ---- what is half written ----

function remember({ target }) {
  if (!target.name || !target.closest("#decision")) return;
  drafts.set(`${opened()} ${ruling(target)} ${target.name}`, target.value);
}

function restore() {
  for (const field of document.querySelectorAll("#decision textarea, #decision [type=radio]")) {
    const value = drafts.get(`${opened()} ${ruling(field)} ${field.name}`);
    if (value === undefined) continue;
    if (field.type === "radio") field.checked = field.value === value;
    else field.value = value;
  }
}

const ruling = (field) => field.closest("details")?.id ?? "";

let before = null; // Where the hands were when a change came.

function note({ detail }) {
  if (detail.target?.id !== "standing") return;
  const at = document.activeElement?.closest("#decision") ? document.activeElement : null;
  before = {
    open: document.querySelector("#decision details[open]")?.id,
    ruling: at && ruling(at),
    name: at?.name,
    isAct: detail.requestConfig?.verb === "post",
    wasInside: Boolean(at),
  };
}

function goOn() {
  if (!before) return;
  const { open, ruling: where, name, isAct, wasInside } = before;
  before = null;
  restore();
  const form = !isAct && open ? document.getElementById(open) : null;
  if (form) form.open = true;
  if (!wasInside) return;
  const same = form && where === open && form.querySelector(`[name="${name}"]:is(textarea, :checked)`);
  (same || document.querySelector("#decision :is(button, summary)") || document.querySelector("#next"))?.focus();
}

// ---- pictures ----

function cover(isCovered) {
  const pictures = document.querySelector("#pictures:has(.plain)");
  if (!pictures) return;
  pictures.dataset.state = isCovered ? "covered" : "plain";
  const label = pictures.querySelector("#cover").firstChild;
  label.textContent = isCovered ? "Show again " : "Cover ";
}

function revealOrCover() {
  const pictures = document.querySelector("#pictures");
  if (pictures?.querySelector(".plain")) cover(pictures.dataset.state === "plain");
  else press("reveal");
}

// ---- keys ----

function move(step) {
  const links = [...list.querySelectorAll(".entry-link")];
  const at = links.findIndex((link) => link.dataset.item === (wanted || opened()));
  const next = links[at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step];
  if (!next) return;
  if (step > 0 && next === links.at(-1)) document.querySelector("#more button")?.click();
  if (!isNarrow.matches) next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  isByKey = true;
  next.click();
}

function unfold(id) {
  const details = document.getElementById(id);
  if (!details) return;
  for (const each of desk.querySelectorAll("#decision details")) each.open = each === details;
  details.querySelector(":checked, textarea, button")?.focus();
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  a: () => unfold("approve"),
  r: () => unfold("reject"),
  e: () => unfold("escalate"),
  b: revealOrCover,
  c: () => (document.querySelector("#claim") ?? document.querySelector("#release"))?.click(),
  u: () => press("undo"),
  n: () => press("next"),
  "/": () => document.querySelector("#words").focus(),
  "?": () => keys.showModal(),
};

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || keys.open) return;
  if (key === "Escape") {
    event.preventDefault(); // A search field would forget its words.
    const details = target.closest("#decision details");
    if (details) {
      details.open = false;
      details.querySelector("summary").focus();
    } else if (target.matches(TYPING)) target.blur();
    return;
  }
  if (target.matches(TYPING) || event.repeat && !"jk".includes(key)) return;
  if (!Object.hasOwn(KEYS, key)) return;
  event.preventDefault();
  KEYS[key]();
});

// ---- events ----

document.addEventListener("input", remember);
document.addEventListener("click", ({ target }) => {
  wanted = target.closest(".entry-link")?.dataset.item ?? wanted;
  if (target.closest("#cover")) revealOrCover();
  if (target.closest(".back")) page.classList.remove("has-item");
});
document.body.addEventListener("htmx:beforeSwap", note);
document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target.id === "standing") goOn(); // At once: the next key may follow.
});
document.body.addEventListener("htmx:afterSettle", ({ detail: { target, requestConfig } }) => {
  takeOver(target);
  showClocks();
  if (target.id === "list") tellOfNew();
  if (target.id === "list" || target.id === "desk" || target.id === "more") mark();
  if (target.id === "desk") {
    openedAnother(isByKey);
    isByKey = false;
  }
  if (target.id === "pictures" && page.dataset.cover === "true") setTimeout(() => cover(true), COVER_MS);
  const isAct = requestConfig?.verb === "post" && requestConfig.path !== "/console/queue";
  if (isAct) refreshList();
});
setInterval(showLeft, 500);
takeOver({ id: "desk" });
showClocks();
mark();
if (opened() && page.dataset.cover === "false") press("reveal");
follow();
