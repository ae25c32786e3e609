// What every page of the console does: notes can be closed, times are the reader's own.

function showTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    time.textContent = moment.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    time.title = moment.toISOString();
  }
}

document.addEventListener("click", ({ target }) => {
  const close = target.closest(".note [data-close]");
  if (close) close.closest(".note").remove();
});
document.body.addEventListener("htmx:afterSettle", ({ target }) => showTimes(target));
showTimes(document);
