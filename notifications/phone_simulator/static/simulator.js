// Keeps the page fresh: asks for its fragments, changes only what differs, so that focus, open details and the
// screen reader's place survive. The pages work without it, by reloading.
"use strict";

const EVERY_MS = 1500;
const liveUrl = document.body.dataset.liveUrl;
const talk = document.querySelector('[data-live="talk"]');
let last = "";

function keyed(parent) {
  return new Map([...parent.children].map((child) => [child.dataset.key, child]));
}

function change(present, wanted) {
  const meta = present.querySelector(".meta");
  if (meta) {
    // A bubble whose fate changed: only its small print is rewritten, and that is not read aloud.
    present.className = wanted.className;
    meta.innerHTML = wanted.querySelector(".meta").innerHTML;
    return;
  }
  const focused = present.contains(document.activeElement);
  if (present.open) wanted.open = true;
  present.replaceWith(wanted);
  if (focused) wanted.querySelector("a, summary")?.focus();
}

function merge(region, wantedRegion) {
  const wantedKeys = keyed(wantedRegion);
  for (const [key, child] of keyed(region)) if (!wantedKeys.has(key)) child.remove();
  const present = keyed(region);
  let place = region.firstElementChild;
  for (const [key, wanted] of wantedKeys) {
    const here = present.get(key);
    if (!here) {
      wanted.classList.add("fresh");
      region.insertBefore(wanted, place);
      continue;
    }
    if (here === place) place = place.nextElementSibling;
    else region.insertBefore(here, place);
    here.classList.remove("fresh");
    if (!here.classList.length) here.removeAttribute("class");
    const open = here.open;
    if (open) here.removeAttribute("open");
    const differs = here.outerHTML !== wanted.outerHTML;
    if (open) here.setAttribute("open", "");
    if (differs) change(here, wanted);
  }
}

function toEnd() {
  if (talk) talk.scrollTop = talk.scrollHeight;
}

async function refresh() {
  const answer = await fetch(liveUrl, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
  if (!answer || !answer.ok) return;
  const html = await answer.text();
  if (html === last) return;
  last = html;
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const atEnd = talk && talk.scrollHeight - talk.scrollTop - talk.clientHeight < 80;
  for (const region of document.querySelectorAll("[data-live]")) {
    const wanted = fresh.querySelector(`[data-live="${region.dataset.live}"]`);
    if (!wanted) continue;
    const current = document.querySelector('[aria-current="page"]')?.getAttribute("href");
    if (current) for (const link of wanted.querySelectorAll(`a[href="${current}"]`)) link.setAttribute("aria-current", "page");
    merge(region, wanted);
  }
  if (atEnd) toEnd();
}

const form = document.querySelector("[data-reply]");
if (form) {
  const box = form.querySelector("textarea");
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector(".send"));
  });
  form.addEventListener("submit", (event) => {
    const pressed = event.submitter;
    const quick = pressed && pressed.name === "body";
    const body = quick ? pressed.value : box.value;
    if (!body.trim()) return;
    event.preventDefault();
    if (!quick) box.value = "";
    box.focus();
    const sent = fetch(form.action, { method: "POST", body: new URLSearchParams({ body }) });
    setTimeout(refresh, 60); // the text is on the screen before the clinic has taken it
    sent.then(() => refresh().then(toEnd));
  });
}

toEnd();
setInterval(() => { if (!document.hidden) refresh(); }, EVERY_MS);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
